import { unknown, type Inventory, type Unknown } from './inventory.ts'
import { anyKey, podLabelKeys, selectorKeys } from './label-keys.ts'
import { nameOf } from './names.ts'
import type { KindName, Kinds } from './objects.ts'
import { related, type Relation } from './relations.ts'
import { labelSelector, type Selector } from './selectors.ts'
import { listOf, memberOf, recordOf } from './shape.ts'
import { isVariable } from './variables.ts'
import { selectsTemplate } from './workload-refs.ts'

type NetworkPolicy = Kinds['NetworkPolicy']

/**
 * Who sends to a pod. Load balancers, and clients through them, come from addresses that nobody here knows: any `ipBlock`
 * may hold them, and no selector does. Controllers are pods of one of these namespaces.
 */
export type Sender =
  | { readonly from: 'outside' }
  | { readonly from: 'pods'; readonly namespaces: readonly { readonly name: string; readonly labels: unknown }[] }

/** A port of a pod, by its number and, where it has one, by its name. */
export interface PodPort {
  readonly number: number | undefined
  readonly name: string
  readonly protocol: string
}

/** True if a policy isolates its pods for ingress, as every policy does that does not name its types otherwise. */
export function isolatesIngress({ spec }: NetworkPolicy): boolean {
  const types = listOf(spec?.policyTypes)
  return types.length === 0 || types.includes('Ingress')
}

/** The pods of its namespace that a policy selects; a selector that is left out selects all. */
export function isolatedBy(policy: NetworkPolicy): Selector {
  return labelSelector(policy.spec?.podSelector ?? everything)
}

/** The policies that isolate the pods of a workload, or a Pod, of this namespace for ingress. */
export function ingressPoliciesOf(
  kind: KindName,
  object: unknown,
  namespace: string,
  inventory: Inventory<'NetworkPolicy'>,
): Relation<NetworkPolicy> {
  const keys = podLabelKeys(kind, object)
  return related('NetworkPolicy', namespace, inventory, filing, keys, (policy) =>
    isolatesIngress(policy) ? selectsTemplate(isolatedBy(policy), kind, object) : false,
  )
}

/**
 * True if a rule of the policy lets the sender reach the port. Unknown where a `${VARIABLE}` decides. Policies add up:
 * one that admits is enough (k8s.io/api/networking/v1/types.go NetworkPolicyIngressRule).
 */
export function admitsIngress(policy: NetworkPolicy, sender: Sender, port: PodPort): boolean | Unknown {
  let result: boolean | Unknown = false
  for (const rule of listOf(policy.spec?.ingress)) {
    if (!recordOf(rule)) continue
    const admitted = admitsPeers(listOf(memberOf(rule, 'from')), sender, policy)
    if (admitted === false) continue
    const covered = coversPort(listOf(memberOf(rule, 'ports')), port)
    if (admitted === true && covered === true) return true
    if (covered !== false) result = unknown
  }
  return result
}

const everything = Object.freeze({})

function filing(policy: NetworkPolicy): readonly string[] {
  return isolatesIngress(policy) ? (selectorKeys(policy.spec?.podSelector) ?? [anyKey]) : []
}

function admitsPeers(peers: readonly unknown[], sender: Sender, policy: NetworkPolicy): boolean | Unknown {
  if (peers.length === 0) return true
  let result: boolean | Unknown = false
  for (const peer of peers) {
    const admitted = admitsPeer(peer, sender, policy)
    if (admitted === true) return true
    if (admitted === unknown) result = unknown
  }
  return result
}

function admitsPeer(peer: unknown, sender: Sender, policy: NetworkPolicy): boolean | Unknown {
  if (recordOf(memberOf(peer, 'ipBlock'))) return true
  if (sender.from === 'outside') return false
  const selector = memberOf(peer, 'namespaceSelector') ?? undefined
  if (selector === undefined) return sender.namespaces.some(({ name }) => name === policy.metadata?.namespace)
  // Where the controller runs is not known, so whoever lets some namespace in may mean its.
  if (sender.namespaces.length === 0) return true
  const selects = labelSelector(selector)
  const answers = sender.namespaces.map(({ labels }) => selects(labels))
  return answers.includes(true) ? true : answers.includes(unknown) ? unknown : false
}

function coversPort(ports: readonly unknown[], port: PodPort): boolean | Unknown {
  if (ports.length === 0) return true
  let result: boolean | Unknown = false
  for (const entry of ports) {
    const protocol = memberOf(entry, 'protocol') ?? 'TCP'
    const wanted = memberOf(entry, 'port') ?? undefined
    if (isVariable(protocol) || isVariable(wanted)) result = unknown
    else if (protocol === port.protocol && matches(wanted, memberOf(entry, 'endPort'), port)) return true
  }
  // A port whose number only the pods know may be covered.
  return result === false && port.number === undefined && port.name === '' ? unknown : result
}

function matches(wanted: unknown, end: unknown, { number, name }: PodPort): boolean {
  if (wanted === undefined) return true
  if (typeof wanted === 'string') return wanted === name
  if (typeof wanted !== 'number' || number === undefined) return false
  return typeof end === 'number' ? number >= wanted && number <= end : number === wanted
}

/** The namespaces of these names, as a selector of a policy sees them: each has its name as a label. */
export function namespacesNamed(
  names: readonly string[],
  inventory: Inventory<'Namespace'>,
): readonly { readonly name: string; readonly labels: unknown }[] | Unknown {
  const found = []
  for (const name of names) {
    const namespace = inventory.get('Namespace', '', name)
    if (namespace === unknown) return unknown
    if (!namespace) continue
    const labels = { 'kubernetes.io/metadata.name': name, ...recordOf(namespace.metadata?.labels) }
    found.push({ name: nameOf(namespace), labels })
  }
  return found
}
