import type { Filing } from './filed-lists.ts'
import { unknown, type Inventory, type Unknown } from './inventory.ts'
import { anyKey, labelKeys, podLabelKeys, selectorKeys } from './label-keys.ts'
import type { KindName, Kinds } from './objects.ts'
import { oncePerReview } from './once-per-review.ts'
import { controllerOf } from './owners.ts'
import { selectsPods } from './pod-labels.ts'
import { related, witnessKinds, workloadsSelected, type Relation, type Witness, type WitnessKind } from './relations.ts'
import { equalitySelector, type Selector } from './selectors.ts'
import { memberOf, recordOf } from './shape.ts'
import { selectsTemplate } from './workload-refs.ts'

export type Service = Kinds['Service']

/** What stands behind a Service: a workload with a template, or a Pod that no such workload stands for. */
export type Backend = Witness | { readonly kind: 'Pod'; readonly object: Kinds['Pod'] }
export type BackendKind = WitnessKind | 'Pod'

/** The kinds to read for `backendsOf`. */
export const backendKinds = [...witnessKinds, 'Pod'] as const

/**
 * True if the EndpointSlice controller looks for the pods of a Service: it has a selector, and is no ExternalName
 * (kubernetes/pkg/controller/endpointslice/endpointslice_controller.go syncService). Whoever keeps the endpoints of the
 * others is not known here.
 */
export function isSelecting({ spec }: Service): boolean {
  if (spec?.type === 'ExternalName') return false
  const selector: unknown = spec?.selector
  return selector !== undefined && selector !== null && Object.keys(recordOf(selector) ?? { unreadable: '' }).length > 0
}

/** True for a Service without an address of its own: its name resolves to the pods. */
export function isHeadless({ spec }: Service): boolean {
  return spec?.clusterIP === 'None'
}

/** The pods that a Service selects: none where nobody looks for them. */
export function serviceSelector(service: Service): Selector {
  return equalitySelector(isSelecting(service) ? service.spec?.selector : undefined)
}

/**
 * The workloads of this namespace whose pods a Service selects, and the Pods beside them. What a controller made from
 * a known template is left out: the template stands for it. So it does where Pods are not known, as in the webhook.
 */
export function backendsOf(service: Service, namespace: string, inventory: Inventory<BackendKind>): Relation<Backend> {
  return backendsIn(service, inventory, namespace)
}

const backendsIn = oncePerReview(findBackends)

function findBackends(service: Service, inventory: Inventory<BackendKind>, namespace: string): Relation<Backend> {
  if (!isSelecting(service)) return { found: [], unsure: [] }
  const selector = serviceSelector(service)
  const keys = serviceKeys(service)
  const workloads = workloadsSelected(selector, keys, namespace, inventory)
  if (inventory.list('Pod', namespace) === unknown) return workloads
  const pods = related<'Pod'>('Pod', namespace, inventory, podFiling, keys, (pod) => {
    const selected: boolean | Unknown = hasEnded(pod) ? false : selectsPods(selector, 'Pod', pod)
    return selected !== false && templated.has(controllerOf(pod)?.kind ?? '') ? false : selected
  })
  return {
    found: [...workloads.found, ...pods.found.map((object) => ({ kind: 'Pod', object }) as const)],
    unsure: [...workloads.unsure, ...pods.unsure],
  }
}

/** The live Pods of this namespace that a Service selects, whoever made them. Unsure where Pods are not known. */
export function podsBehind(service: Service, namespace: string, inventory: Inventory<'Pod'>): Relation<Kinds['Pod']> {
  if (!isSelecting(service)) return { found: [], unsure: [] }
  const selector = serviceSelector(service)
  return related('Pod', namespace, inventory, podFiling, serviceKeys(service), (pod) =>
    hasEnded(pod) ? false : selectsPods(selector, 'Pod', pod),
  )
}

/** The Services of this namespace that select the pods of a workload, or a Pod. */
export function servicesOf(
  kind: KindName,
  object: unknown,
  namespace: string,
  inventory: Inventory<'Service'>,
): Relation<Service> {
  return typeof object === 'object' && object ? servicesOver(object, inventory, kind, namespace) : nobody
}

const nobody: Relation<never> = { found: [], unsure: [] }

const servicesOver = oncePerReview(
  (object: object, inventory: Inventory<'Service'>, kind: KindName, namespace: string): Relation<Service> => {
    const keys = podLabelKeys(kind, object)
    return related('Service', namespace, inventory, serviceFiling, keys, (service) =>
      selectsTemplate(serviceSelector(service), kind, object),
    )
  },
)

function serviceKeys({ spec }: Service): readonly string[] | undefined {
  return selectorKeys({ matchLabels: spec?.selector })
}

const serviceFiling: Filing<Service> = (service) => (isSelecting(service) ? (serviceKeys(service) ?? [anyKey]) : [])

const podFiling: Filing<Kinds['Pod']> = (pod) => labelKeys(pod.metadata?.labels) ?? [anyKey]

// Not CronJob: it makes Jobs.
const templated: ReadonlySet<string> = new Set(witnessKinds.filter((kind) => kind !== 'CronJob'))

/** A Pod that has run to its end has no endpoint (endpointslice/util ShouldPodBeInEndpoints). */
function hasEnded(pod: Kinds['Pod']): boolean {
  const phase = memberOf(pod.status, 'phase')
  return phase === 'Succeeded' || phase === 'Failed'
}
