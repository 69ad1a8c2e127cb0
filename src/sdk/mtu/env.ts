import type { ContainerView } from '../pod-specs.ts'
import { listOf, memberOf, stringOf } from '../shape.ts'

/** A variable in the environment of a container, and where its value stands. */
export interface EnvVariable {
  readonly path: string
  /** Undefined where the value comes from elsewhere. */
  readonly value: string | undefined
}

/** The variable of this name that counts: the last, as the kubelet reads them. */
export function variableOf({ container, path }: ContainerView, name: string): EnvVariable | undefined {
  const env = listOf(container.env)
  for (let index = env.length - 1; index >= 0; index--) {
    const entry = env[index]
    if (memberOf(entry, 'name') !== name) continue
    return { path: `${path}/env/${index}/value`, value: stringOf(memberOf(entry, 'value')) }
  }
  return undefined
}
