import { unknown, type Inventory, type Unknown } from './inventory.ts'
import { containsBlock, parseIpBlock, type IpBlock } from './ip-blocks.ts'
import { anyKey, podLabelKeys, selectorKeys } from './label-keys.ts'
import type { KindName, Kinds } from './objects.ts'
import { related, type Relation } from './relations.ts'
import { labelSelector, type Selector } from './selectors.ts'
import { listOf, memberOf, recordOf, stringOf } from './shape.ts'
import { isVariable } from './variables.ts'
import { selectsTemplate } from './workload-refs.ts'

/**
 * Where a pod wants to connect to. With an `address` a rule must cover it; `outside` stands for some address beyond the
 * cluster that nobody here knows, and any block may hold it; `anyone` may be a pod as well.
 */
export interface Destination {
  readonly to: { readonly address: string } | 'outside' | 'anyone'
  readonly protocol: 'TCP' | 'UDP'
  readonly port: number
}

type NetworkPolicy = Kinds['NetworkPolicy']

/**
 * True if the policy isolates the pods that it selects for egress: it says so, or says nothing of its types and has
 * rules for egress (kubernetes/pkg/apis/networking/v1/defaults.go).
 */
export function isolatesEgress(policy: NetworkPolicy): boolean {
  const types = listOf(policy.spec?.policyTypes)
  return types.length > 0 ? types.includes('Egress') : listOf(policy.spec?.egress).length > 0
}

/** The pods of its namespace that the policy selects. Its selector is no pointer: left out it is `{}`, all pods. */
export function selectorOfPolicy(policy: NetworkPolicy): Selector {
  return labelSelector(policy.spec?.podSelector ?? everything)
}

/** The policies that isolate the pods of a workload, or a Pod, of this namespace for egress. */
export function egressPoliciesOf(
  kind: KindName,
  object: unknown,
  namespace: string,
  inventory: Inventory<'NetworkPolicy'>,
): Relation<NetworkPolicy> {
  const keys = podLabelKeys(kind, object)
  return related(
    'NetworkPolicy',
    namespace,
    inventory,
    policyFiling,
    keys,
    (policy) => isolatesEgress(policy) && selectsTemplate(selectorOfPolicy(policy), kind, object),
  )
}

/** True if a rule of the policy lets its pods reach the destination; `unknown` where a `${VARIABLE}` decides. */
export function admits(policy: NetworkPolicy, destination: Destination): boolean | Unknown {
  let result: boolean | Unknown = false
  for (const rule of listOf(policy.spec?.egress)) {
    const covered = both(
      coversPeer(memberOf(rule, 'to'), destination),
      coversPort(memberOf(rule, 'ports'), destination),
    )
    if (covered === true) return true
    if (covered === unknown) result = unknown
  }
  return result
}

const everything = Object.freeze({})

function policyFiling(policy: NetworkPolicy): readonly string[] {
  return isolatesEgress(policy) ? (selectorKeys(policy.spec?.podSelector) ?? [anyKey]) : []
}

function coversPeer(peers: unknown, { to }: Destination): boolean | Unknown {
  const list = listOf(peers)
  if (list.length === 0) return true
  return any(list, (peer) => {
    const block = recordOf(memberOf(peer, 'ipBlock'))
    // Selectors find pods, and no pod has an address of the host or of a cloud.
    if (!block) return to === 'anyone'
    if (typeof to === 'string') return true
    const address = parseIpBlock(to.address)
    if (!address) return false
    const inside = holds(memberOf(block, 'cidr'), address)
    return both(inside, not(any(listOf(memberOf(block, 'except')), (each) => holds(each, address))))
  })
}

function coversPort(ports: unknown, { to, protocol, port }: Destination): boolean | Unknown {
  const list = listOf(ports)
  if (list.length === 0) return true
  return any(list, (entry) => {
    const given = memberOf(entry, 'protocol') ?? 'TCP'
    if (isVariable(given)) return unknown
    if (given !== protocol) return false
    const first = memberOf(entry, 'port') ?? undefined
    if (first === undefined) return true
    if (isVariable(first)) return unknown
    // A name is one of a container, so it means nothing outside of pods.
    if (typeof first === 'string') return to === 'anyone'
    if (typeof first !== 'number') return false
    const last = memberOf(entry, 'endPort') ?? first
    if (isVariable(last)) return unknown
    return typeof last === 'number' && first <= port && port <= last
  })
}

function holds(cidr: unknown, address: IpBlock): boolean | Unknown {
  if (isVariable(cidr)) return unknown
  const block = parseIpBlock(stringOf(cidr) ?? '')
  return block !== undefined && containsBlock(block, address)
}

function any(list: readonly unknown[], test: (entry: unknown) => boolean | Unknown): boolean | Unknown {
  let result: boolean | Unknown = false
  for (const entry of list) {
    const holds = test(entry)
    if (holds === true) return true
    if (holds === unknown) result = unknown
  }
  return result
}

function both(a: boolean | Unknown, b: boolean | Unknown): boolean | Unknown {
  if (a === false || b === false) return false
  return a === true && b === true ? true : unknown
}

function not(holds: boolean | Unknown): boolean | Unknown {
  return holds === unknown ? unknown : !holds
}
