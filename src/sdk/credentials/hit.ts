/**
 * How sure a detector is. `certain` and `likely` are credentials, `possible` may be one or is short-lived, `name` is a
 * telling key name over a value that no detector recognises.
 */
export type Level = 'certain' | 'likely' | 'possible' | 'name'

/** `Kubernetes` is the way into a cluster, `other` what the platform's own patterns find. */
export type Cloud = 'AWS' | 'Google Cloud' | 'Azure' | 'Kubernetes' | 'other'

/** One value of an object, as the object holds it. */
export interface Field {
  /** JSON pointer of the value. */
  readonly path: string
  /** The name that the value goes by: data key, variable name, flag. '' where it has none. */
  readonly key: string
  readonly text: string
  readonly encoding: 'base64' | 'plain'
}

/** A credential and where it lies. Holds no character of a value. */
export interface Hit {
  readonly path: string
  readonly level: Level
  readonly cloud: Cloud
  readonly detector: string
  /** AWS account that issued the key id: public, and decoded from it. */
  readonly account?: string
  /** Month in which an Azure key was made, as it says itself: `2025-03`. */
  readonly created?: string
  /** First line, counted from 1, in a value of several lines. */
  readonly line?: number
}

/** What a matcher says of the token at a sentinel. */
export interface Match {
  readonly detector: string
  readonly cloud: Cloud
  readonly level: Level
  readonly account?: string
  readonly created?: string
  /** The token is the public half of a pair: what it means depends on the rest of the object. */
  readonly half?: Half
}

/** `static` ids are long-lived; `fresh` ones carry the account and cannot be read by chance. */
export interface Half {
  readonly of: 'aws' | 'google'
  readonly fresh: boolean
}

/** Checks the token around a sentinel that begins at `at`, within a fixed window. */
export type Matcher = (text: string, at: number) => Match | undefined
