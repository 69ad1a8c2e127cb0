import type { ContainerView } from './pod-specs.ts'
import { listOf, memberOf, stringOf } from './shape.ts'
import { isVariable } from './variables.ts'

/** A `$(NAME)` in the environment of a container that stays as it is written. */
export interface BrokenReference {
  /** The entry that holds it, and its place in the list. */
  readonly variable: string
  readonly index: number
  /** What it names. */
  readonly names: string
  /** `later`: it is defined after the entry. `nowhere`: nothing defines it. */
  readonly defined: 'later' | 'nowhere'
}

/**
 * The references that the kubelet does not expand: it knows what `envFrom` brings, the variables of Services, and the
 * entries before the one in hand; `$$(NAME)` is an escape (kubernetes/pkg/kubelet/kubelet_pods.go
 * makeEnvironmentVariables, third_party/forked/golang/expansion). What `envFrom` may define is not known, and not told.
 */
export function* brokenReferences({
  container: { envFrom },
  environment: { entries, places, refers },
}: ContainerView): Generator<BrokenReference, void, undefined> {
  // Hardly any variable refers to another: the rest is asked only where one may.
  if (!refers) return
  const names = entries.map((entry) => stringOf(memberOf(entry, 'name')) ?? '')
  if (listOf(envFrom).length > 0 || names.some(isVariable)) return
  const before = new Set<string>()
  for (const [index, entry] of entries.entries()) {
    const variable = names[index] ?? ''
    for (const name of referencesIn(stringOf(memberOf(entry, 'value')) ?? '')) {
      if (before.has(name) || ofServices.test(name) || isVariable(name)) continue
      yield { variable, index, names: name, defined: places.has(name) ? 'later' : 'nowhere' }
    }
    before.add(variable)
  }
}

/** The entry of a name that counts, which is the last one; undefined where there is none. */
export function lastOf(
  { environment: { entries, places } }: ContainerView,
  name: string,
): { readonly entry: unknown; readonly index: number } | undefined {
  const index = places.get(name)
  return index === undefined ? undefined : { entry: entries[index], index }
}

function referencesIn(value: string): ReadonlySet<string> {
  const found = new Set<string>()
  // Behind the last bracket nothing ends, so that no part of the text is read twice.
  const text = value.slice(0, value.lastIndexOf(')') + 1)
  for (const [, name] of text.matchAll(/\$\$|\$\(([^)]*)\)/g)) if (name) found.add(name)
  return found
}

// kubernetes/pkg/kubelet/envvars/envvars.go
const ofServices = /_SERVICE_(HOST|PORT)(_[A-Z0-9_]+)?$|_PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$/
