import { findCustom } from './custom.ts'
import type { CustomDetector } from './custom.ts'
import { decodeBase64, decodeNested, isBinary } from './decode.ts'
import { visitDocuments } from './documents.ts'
import { visitLines } from './entries.ts'
import { emptyEvidence, enter, note } from './evidence.ts'
import type { Evidence, Text } from './evidence.ts'
import { findTokens, passes } from './gate.ts'
import type { Field, Level } from './hit.ts'
import { isCiphertext } from './placeholder.ts'
import { clusterLoginIn, type ClusterLogin } from './kubeconfig.ts'
import { loginsIn, type LoginKind } from './registry-logins.ts'
import { tellingName } from './telling-names.ts'

export interface GatherOptions {
  readonly custom: readonly CustomDetector[]
  /** Accounts whose keys are bait: one such key must not stand for the others of a value. */
  readonly canaries: ReadonlySet<string>
}

/** Reads every field once. Values that cannot be decoded, and SOPS ciphertext, say nothing. */
export function gather(fields: Iterable<Field>, options: GatherOptions): Evidence {
  const evidence = emptyEvidence()
  for (const { path, key, text, encoding } of fields) {
    const value = encoding === 'base64' && !isCiphertext(text) ? decodeBase64(text) : text
    if (value === undefined || isCiphertext(value)) continue
    const name = tellingName(key)
    if (name) enter(evidence, { name, path, value: value.trim(), line: undefined, whole: true })
    read(evidence, { path, key, value }, encoding === 'base64' ? 1 : 0, options)
  }
  return evidence
}

// Twice at most: by the encoding of the API server, and by that of whoever wrote the value.
const deepest = 2

function read(evidence: Evidence, text: Text, depth: number, options: GatherOptions): void {
  evidence.texts.push(text)
  const { path, value } = text
  const inner = passes(value) || isBinary(value) ? [] : readTokens(evidence, text, options)
  for (const detector of options.custom) {
    const at = findCustom(detector, value)
    if (at >= 0)
      note(evidence, { detector: detector.id, cloud: 'other', level: 'likely' }, path, lineCounter(value)(at))
  }
  if (depth >= deepest) return
  const whole = decodeNested(value)
  if (whole !== undefined) inner.push(whole)
  for (const value of inner) read(evidence, { ...text, value }, depth + 1, options)
}

/** Notes what the text holds; answers with the texts inside it that are to be read as well. */
function readTokens(evidence: Evidence, { path, value }: Text, { canaries }: GatherOptions): string[] {
  // Of each detector, bits for what is told of it already.
  const seen = new Map<string, number>()
  const lineOf = lineCounter(value)
  const gated = findTokens(value, (match, at) => {
    // One finding for each kind of credential in a value.
    const kind = match.half?.fresh ? 1 : bits[match.level]
    const known = seen.get(match.detector) ?? 0
    if ((known & kind) !== 0) return
    const bait = match.account !== undefined && canaries.has(match.account)
    const identity = bait ? kind * baited : kind
    if ((known & identity) !== 0) return
    seen.set(match.detector, known | identity)
    note(evidence, match, path, lineOf(at))
  })
  const inner = gated.nested.flatMap((run) => decodeBase64(run) ?? [])
  if (!gated.structured) return inner
  const whole = readDocuments(evidence, path, value, inner)
  if (whole) return inner
  readLines(evidence, path, value)
  const login = gated.kubeconfig ? clusterLoginIn(value) : undefined
  if (login) noteLogin(evidence, login, path, lineCounter(value)(login.at))
  return inner
}

const bits: { readonly [L in Level]: number } = { certain: 2, likely: 4, possible: 8, name: 16 }
const baited = 32

// True where the text is JSON as a whole, and nothing is left to read in it.
function readDocuments(evidence: Evidence, path: string, value: string, inner: string[]): boolean {
  // One finding for each kind of credential in a value.
  const seen = new Set<string>()
  const isNew = (kind: string) => !seen.has(kind) && seen.add(kind).size > 0
  return visitDocuments(value, {
    verdict(verdict) {
      if (verdict === 'harmless') evidence.harmless.add(path)
      else if (isNew(verdict.detector + verdict.level)) {
        // All of a kind are told by the line of the first key.
        const line = lineCounter(value)(value.search(/private_key\\*"|refresh_token/))
        note(evidence, { ...verdict, cloud: 'Google Cloud' }, path, line)
      }
    },
    entry(name, text) {
      enter(evidence, { name, path, value: text, line: undefined, whole: false })
    },
    logins(entries) {
      for (const { registry, kind } of loginsIn(entries).logins)
        if (isNew(kind + registry.cloud))
          note(evidence, { ...loginMatches[kind], cloud: registry.cloud }, path, undefined)
    },
    clusterLogin(login) {
      if (isNew('cluster login')) noteLogin(evidence, login, path, undefined)
    },
    nested(text) {
      inner.push(text)
    },
  })
}

// Those of pull secrets are judged by a rule of their own.
const loginMatches: { readonly [K in LoginKind]: { readonly detector: string; readonly level: Level } } = {
  token: { detector: 'registry-token', level: 'possible' },
  'key-file': { detector: 'gcp-service-account-key', level: 'certain' },
  'cloud-key': { detector: 'registry-key', level: 'certain' },
  password: { detector: 'registry-password', level: 'possible' },
}

// The way into a cluster, not into the account of a cloud: never sure to be wrong where it is.
function noteLogin(evidence: Evidence, { detector }: ClusterLogin, path: string, line: number | undefined): void {
  note(evidence, { detector, cloud: 'Kubernetes', level: 'possible' }, path, line)
}

function readLines(evidence: Evidence, path: string, text: string): void {
  const single = text.indexOf('\n') < 0
  visitLines(text, (name, value, line) => {
    enter(evidence, { name, path, value, line: single ? undefined : line, whole: false })
  })
}

// Lines of offsets that only grow, so that each line end is passed once; undefined in a text of one line.
function lineCounter(text: string): (at: number) => number | undefined {
  let next = text.indexOf('\n')
  const single = next < 0 || next === text.length - 1
  let line = 1
  return (at) => {
    if (single || at < 0) return undefined
    for (; next >= 0 && next < at; next = text.indexOf('\n', next + 1)) line++
    return line
  }
}
