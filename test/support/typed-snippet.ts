import { parse, parseAllDocuments } from 'yaml'
import type { Finding } from '../../src/engine/finding.ts'
import { expandSamples } from '../../src/sdk/credentials/samples.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { pointer, resolve, segmentsOf } from '../../src/sdk/pointer.ts'
import type { FailingExample } from '../../src/sdk/policy.ts'
import { memberOf, recordOf } from '../../src/sdk/shape.ts'

// What YAML makes of the examples and snippets; they are ours, and are maps.
type Json = { [key: string]: unknown }

/**
 * A failing example with the snippet of a finding typed as its reader would: a whole object is applied beside the one
 * under review or over it, a fragment is put where its first key belongs, in place of what `inPlaceOf` names.
 */
export function typed(example: FailingExample, finding: Finding, inPlaceOf: readonly string[]): FailingExample {
  const object = parse(expandSamples(example.object)) as Json
  const others = parseAllDocuments(expandSamples(example.inventory ?? '')).map((each) => each.toJS() as Json)
  for (const fragment of parseAllDocuments(finding.snippet ?? '').map((each) => each.toJS() as Json)) {
    if (fragment['kind'] === undefined) {
      const place = placeOf(fragment, object, finding)
      for (const key of inPlaceOf) remove(place, key.split('/'))
      merge(place, fragment)
    } else if (isSame(fragment, object)) merge(object, fragment)
    else {
      const known = others.find((each) => isSame(fragment, each))
      if (known) merge(known, fragment)
      else others.push(fragment)
    }
  }
  const text = (value: unknown) => JSON.stringify(value)
  return { ...example, object: text(object), inventory: others.map(text).join('\n---\n') }
}

const ofContainer = ['resources', 'readinessProbe', 'livenessProbe', 'ports', 'env', 'image', 'imagePullPolicy']
const ofPod = ['affinity', 'topologySpreadConstraints', 'volumes', 'terminationGracePeriodSeconds', 'containers']
// Beside what the finding points at: of a constraint, a probe.
const besidePath = ['nodeTaintsPolicy', 'nodeAffinityPolicy', 'matchLabelKeys', 'port']

/** What holds the first key of a fragment. */
function placeOf(fragment: Json, object: Json, { rule, path, object: { kind } }: Finding): Json {
  const [key = ''] = Object.keys(fragment)
  const view = podSpecOf(kind, object)
  const at = (place: string) => recordOf(resolve(place, object)) as Json | undefined
  // `spec`, of the pod template.
  if (rule === 'identity-automount-default-sa') return at((view?.path ?? '').slice(0, -'/spec'.length)) ?? object
  if (key === 'backend') return at(path.slice(0, path.lastIndexOf('/backend'))) ?? object
  if (ofPod.includes(key)) return view?.spec ?? object
  if (besidePath.includes(key)) return at(path.slice(0, path.lastIndexOf('/'))) ?? object
  if (ofContainer.includes(key)) {
    const segments = segmentsOf(path) ?? []
    const list = segments.findIndex((segment) => /^(initC|c|ephemeralC)ontainers$/.test(segment))
    if (list >= 0) return at(pointer(...segments.slice(0, list + 2))) ?? object
    return path.includes(`${view?.path ?? ''}/resources`)
      ? (view?.spec ?? object)
      : (at(`${view?.path ?? ''}/containers/0`) ?? object)
  }
  return key === 'strategy' || key === 'template' || key === 'egress' || key === 'ingress'
    ? (at('/spec') ?? object)
    : object
}

function isSame(one: Json, other: Json): boolean {
  if (one['kind'] !== other['kind']) return false
  const [a, b] = [one, other].map(({ metadata }) => ({
    name: memberOf(metadata, 'name') ?? 'example',
    namespace: memberOf(metadata, 'namespace') ?? 'default',
  }))
  return memberOf(one['metadata'], 'name') === undefined || (a?.name === b?.name && a?.namespace === b?.namespace)
}

function merge(into: Json, fragment: Json): void {
  for (const [key, value] of Object.entries(fragment)) {
    const old = into[key]
    if (recordOf(old) && recordOf(value)) merge(old as Json, value as Json)
    else into[key] = Array.isArray(old) && Array.isArray(value) ? mergedLists(old, value) : value
  }
}

/** Lists of things with names are merged by these, others replaced, as `kubectl apply` does with most. */
function mergedLists(old: readonly unknown[], added: readonly unknown[]): unknown[] {
  if (added.length === 0 || ![...old, ...added].every((each) => memberOf(each, 'name') !== undefined)) return [...added]
  const list = [...old]
  for (const each of added) {
    const index = list.findIndex((known) => memberOf(known, 'name') === memberOf(each, 'name'))
    if (index < 0) list.push(each)
    else list[index] = { ...(list[index] as Json), ...(each as Json) }
  }
  return list
}

function remove(from: Json, [key = '', ...rest]: readonly string[]): void {
  if (rest.length === 0) delete from[key]
  else if (recordOf(from[key])) remove(from[key] as Json, rest)
}
