import type { ContainerView } from '../pod-specs.ts'
import { memberOf, stringOf } from '../shape.ts'

/** A variable in the environment of a container, and where its value stands. */
export interface EnvVariable {
  readonly path: string
  /** Undefined where the value comes from elsewhere. */
  readonly value: string | undefined
}

/** The variable of this name that counts: the last, as the kubelet reads them. */
export function variableOf({ environment, path }: ContainerView, name: string): EnvVariable | undefined {
  const place = environment.places.get(name)
  if (place === undefined) return undefined
  return { path: `${path}/env/${place}/value`, value: stringOf(memberOf(environment.entries[place], 'value')) }
}
