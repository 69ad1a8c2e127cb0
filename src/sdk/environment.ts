import { listOf, memberOf } from './shape.ts'

/** The `env` of a container, read once for all rules: it may be long, and many rules look for one name in it. */
export interface Environment {
  readonly entries: readonly unknown[]
  /** By name, the place of the entry that counts: the last (kubernetes/pkg/kubelet/kubelet_pods.go makeEnvironmentVariables). */
  readonly places: ReadonlyMap<string, number>
  /** The places of the entries whose name an earlier one has. */
  readonly repeated: readonly number[]
  /** The places of the entries that take their value from elsewhere (`valueFrom`). */
  readonly sourced: readonly number[]
  /** True if a value may hold a `$(NAME)`. */
  readonly refers: boolean
}

/** Reads the `env` of a container as typed, whatever that is. */
export function readEnvironment(env: unknown): Environment {
  const entries = listOf(env)
  if (entries.length === 0) return empty
  const places = new Map<string, number>()
  const repeated: number[] = []
  const sourced: number[] = []
  let refers = false
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index]
    const name = memberOf(entry, 'name')
    if (typeof name === 'string') {
      const before = places.size
      places.set(name, index)
      if (places.size === before) repeated.push(index)
    }
    const value = memberOf(entry, 'value')
    if (typeof value === 'string') refers ||= value.includes('$(')
    if (memberOf(entry, 'valueFrom') !== undefined) sourced.push(index)
  }
  return { entries, places, repeated, sourced, refers }
}

const empty: Environment = { entries: [], places: new Map(), repeated: [], sourced: [], refers: false }
