import { antiAffinityTerms } from './anti-affinity.ts'
import { claimRefsOf } from './claims.ts'
import { domainsOf, mayGrow, nodesOfPod } from './eligible-nodes.ts'
import { unknown, type Inventory } from './inventory.ts'
import { measuredScale } from './measured-scale.ts'
import { brief, nameOf } from './names.ts'
import type { Kinds, ObjectRef } from './objects.ts'
import { containersOf, podSpecOf } from './pod-specs.ts'
import { unresolved, type Missing, type Unresolved } from './policy.ts'
import { formatQuantity } from './quantities.ts'
import { quotaShortage } from './quota-room.ts'
import { rolloutStep } from './rollouts.ts'
import { listOf, memberOf } from './shape.ts'

/** Why the first pod of a new revision cannot run beside the old ones, of which none may go before. */
export interface StuckRollout {
  readonly reason: 'anti-affinity' | 'host-port' | 'rwop' | 'quota'
  /** Nodes may be added, so that it may move after all. */
  readonly grows: boolean
  readonly replicas: number
  /** What is in the way, for a message. */
  readonly obstacle: string
  readonly related: readonly ObjectRef[]
}

type Found = Generator<StuckRollout | Unresolved, void, undefined>

export type RolloutKind =
  | 'Node'
  | 'Namespace'
  | 'HorizontalPodAutoscaler'
  | 'LimitRange'
  | 'PersistentVolumeClaim'
  | 'PriorityClass'
  | 'ResourceQuota'

/** All that keeps a rolling update of a Deployment from its first step: nothing where one old pod may go before. */
export function* stuckRollouts(
  deployment: Kinds['Deployment'],
  namespace: string,
  inventory: Inventory<RolloutKind>,
  autoscaling: boolean,
): Found {
  const suspects = suspectsOf(deployment, namespace, inventory)
  if (suspects.length === 0) return
  const scale = measuredScale(deployment, namespace, inventory)
  if (typeof scale === 'string') return yield unresolved(scale)
  const replicas = scale.current
  const step = rolloutStep(deployment, replicas)
  if (step === unknown) return yield unresolved('value')
  if (replicas === 0 || !step || step.unavailable > 0) return
  for (const suspect of suspects) yield* suspect(replicas, autoscaling)
}

type Suspect = (replicas: number, autoscaling: boolean) => Found

/** What could be in the way, before it is asked how many replicas there are: of most Deployments nothing. */
function suspectsOf(
  deployment: Kinds['Deployment'],
  namespace: string,
  inventory: Inventory<RolloutKind>,
): readonly Suspect[] {
  const quotas = inventory.list('ResourceQuota', namespace)
  const terms = antiAffinityTerms('Deployment', deployment, namespace, inventory)
  const apart = terms.filter((term) => 'unresolved' in term || (term.selectsItself && !term.ownRevisionOnly))
  const port = hostPortOf(deployment)
  const claims = claimRefsOf('Deployment', deployment)
  return [
    ...apart.map(
      (term): Suspect =>
        (replicas, autoscaling) =>
          'unresolved' in term ? just(term) : apartBy(term.topologyKey, deployment, replicas, inventory, autoscaling),
    ),
    ...(port === undefined
      ? []
      : [((replicas, autoscaling) => onPort(port, deployment, replicas, inventory, autoscaling)) satisfies Suspect]),
    ...(claims.length === 0
      ? []
      : [((replicas) => onClaims(deployment, replicas, namespace, inventory)) satisfies Suspect]),
    ...(quotas === unknown
      ? [(() => just(unresolved('ResourceQuota'))) satisfies Suspect]
      : quotas.map(
          (quota): Suspect =>
            (replicas) =>
              underQuota(quota, deployment, replicas, namespace, inventory),
        )),
  ]
}

function* just(missing: Unresolved): Generator<Unresolved, void, undefined> {
  yield missing
}

function* apartBy(
  topologyKey: string,
  deployment: Kinds['Deployment'],
  replicas: number,
  inventory: Inventory<'Node'>,
  autoscaling: boolean,
): Found {
  const nodes = nodesOfPod(podSpecOf('Deployment', deployment)?.spec, inventory)
  if ('unresolved' in nodes) return yield nodes
  const domains = domainsOf(nodes.eligible, topologyKey)
  const room = domains.nodes.size
  if (nodes.eligible.length === 0 || domains.without > 0 || room > replicas) return
  const obstacle = `required anti-affinity on ${brief(topologyKey, 32)}, ${room} domains`
  yield { reason: 'anti-affinity', grows: mayGrow(nodes, autoscaling), replicas, obstacle, related: [] }
}

function* onPort(
  port: number,
  deployment: Kinds['Deployment'],
  replicas: number,
  inventory: Inventory<'Node'>,
  autoscaling: boolean,
): Found {
  const nodes = nodesOfPod(podSpecOf('Deployment', deployment)?.spec, inventory)
  if ('unresolved' in nodes) return yield nodes
  const room = nodes.eligible.length
  if (room === 0 || room > replicas) return
  const obstacle = `host port ${port}, ${room} node${room === 1 ? '' : 's'}`
  yield { reason: 'host-port', grows: mayGrow(nodes, autoscaling), replicas, obstacle, related: [] }
}

/** A claim that one pod at a time may use. Of several replicas already the second does not start: another rule's. */
function* onClaims(
  deployment: Kinds['Deployment'],
  replicas: number,
  namespace: string,
  inventory: Inventory<'PersistentVolumeClaim'>,
): Found {
  if (replicas !== 1) return
  const unsure = new Set<Missing>()
  for (const { name } of claimRefsOf('Deployment', deployment)) {
    const claim = inventory.get('PersistentVolumeClaim', namespace, name)
    if (claim === unknown || (claim && inventory.uncertain(claim))) unsure.add('PersistentVolumeClaim')
    else if (claim && isForOnePod(claim)) {
      const related = [{ kind: 'PersistentVolumeClaim', namespace, name }]
      yield {
        reason: 'rwop',
        grows: false,
        replicas,
        obstacle: `claim ${brief(name, 24)} is ReadWriteOncePod`,
        related,
      }
    }
  }
  for (const missing of unsure) yield unresolved(missing)
}

/** True for a claim that only one pod of the cluster may use at a time. */
export function isForOnePod(claim: Kinds['PersistentVolumeClaim']): boolean {
  return listOf(memberOf(claim.spec, 'accessModes')).includes('ReadWriteOncePod')
}

function* underQuota(
  quota: Kinds['ResourceQuota'],
  deployment: Kinds['Deployment'],
  replicas: number,
  namespace: string,
  inventory: Inventory<'LimitRange' | 'PriorityClass'>,
): Found {
  if (inventory.uncertain(quota)) return yield unresolved('ResourceQuota')
  const shortage = quotaShortage(quota, deployment, replicas + 1, namespace, inventory)
  if (!shortage) return
  if ('unresolved' in shortage) return yield shortage
  const name = nameOf(quota)
  const { resource, hard, needed } = shortage
  const numbers = `${brief(resource, 24)} ${formatQuantity(hard)}, ${formatQuantity(needed)} with one pod more`
  const related = [{ kind: 'ResourceQuota', namespace, name }]
  yield { reason: 'quota', grows: false, replicas, obstacle: `quota ${brief(name, 20)} has ${numbers}`, related }
}

/** A port of the node that each pod takes: two of them never share a node. */
function hostPortOf(deployment: Kinds['Deployment']): number | undefined {
  const view = podSpecOf('Deployment', deployment)
  if (!view) return undefined
  // On the network of the node every container port is one of the node.
  const field = view.spec.hostNetwork === true ? 'containerPort' : 'hostPort'
  for (const { container, class: role } of containersOf(view)) {
    if (role !== 'main' && role !== 'sidecar') continue
    for (const port of listOf(container.ports)) {
      const number = memberOf(port, 'hostPort') ?? memberOf(port, field)
      if (typeof number === 'number' && number > 0) return number
    }
  }
  return undefined
}
