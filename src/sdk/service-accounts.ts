import type { Filing } from './filed-lists.ts'
import { unknown, type Inventory } from './inventory.ts'
import { anyKey } from './label-keys.ts'
import { nameOf } from './names.ts'
import type { Kinds } from './objects.ts'
import { isPart, podSpecOf, type PodSpec } from './pod-specs.ts'
import type { Missing } from './policy.ts'
import { isRepresented, related, witnessKinds, type Relation, type Witness, type WitnessKind } from './relations.ts'
import { memberOf, stringOf } from './shape.ts'
import { isVariable } from './variables.ts'

/** The ServiceAccount that a controller makes in every namespace, and that a pod gets which names none. */
export const defaultAccount = 'default'

/** What is known of the ServiceAccount of a pod. `absent`: the inventory is complete and does not hold it. */
export type AccountAnswer =
  | { readonly state: 'known'; readonly name: string; readonly account: Kinds['ServiceAccount'] }
  | { readonly state: 'absent'; readonly name: string }
  | { readonly state: 'unresolved'; readonly missing: Missing }

/**
 * The name of the ServiceAccount under which the pods of a spec run; undefined where a `${VARIABLE}` or something that
 * is no text stands for it, and where a patch leaves it out. `serviceAccount` is the old name of the field, and counts where the new one is empty
 * (kubernetes/pkg/apis/core/v1/conversion.go).
 */
export function accountNameOf(spec: PodSpec): string | undefined {
  const given: unknown = [spec.serviceAccountName, spec.serviceAccount].find((name) => Boolean(name))
  if (given === undefined) return isPart(spec) ? undefined : defaultAccount
  return isVariable(given) ? undefined : stringOf(given)
}

/** The same, for what is to be given a role: not the default one, which every pod has that names none. */
export function ownAccountOf(spec: PodSpec): string | undefined {
  const name = accountNameOf(spec)
  return name === defaultAccount ? undefined : name
}

/**
 * The ServiceAccount of the pods of a spec. One named `default` is in hardly any files: where the inventory does not hold
 * it, it is as its controller makes it, without annotations.
 */
export function accountOf(spec: PodSpec, namespace: string, inventory: Inventory<'ServiceAccount'>): AccountAnswer {
  const name = accountNameOf(spec)
  if (name === undefined) return { state: 'unresolved', missing: 'value' }
  const account = inventory.get('ServiceAccount', namespace, name)
  if (account === unknown || (account && inventory.uncertain(account))) return unsure
  if (account) return { state: 'known', name, account }
  if (name === defaultAccount) return { state: 'known', name, account: asMade }
  return inventory.complete ? { state: 'absent', name } : unsure
}

/** The workloads of this namespace whose pods run under a ServiceAccount. Owned ones are left out: their owner is there. */
export function workloadsUnder(
  account: string,
  namespace: string,
  inventory: Inventory<WitnessKind>,
): Relation<Witness> {
  const relations = witnessKinds.map((kind) => {
    const { found, unsure } = related(kind, namespace, inventory, filings[kind], [account], (object) => {
      const view = podSpecOf(kind, object)
      if (!view || isRepresented(kind, object)) return false
      const name = accountNameOf(view.spec)
      return name === undefined ? unknown : name === account
    })
    // By name, so that all front ends name the same one first.
    const sorted = [...found].sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1))
    // The list of a kind holds objects of that kind; the compiler cannot pair the two across the union.
    return { found: sorted.map((object) => ({ kind, object }) as Witness), unsure }
  })
  return { found: relations.flatMap(({ found }) => found), unsure: relations.flatMap(({ unsure }) => unsure) }
}

/** The annotation of a ServiceAccount that maps it to a role of a cloud. */
export const roleKeys = {
  eks: 'eks.amazonaws.com/role-arn',
  azure: 'azure.workload.identity/client-id',
  gke: 'iam.gke.io/gcp-service-account',
} as const
export type Cloud = keyof typeof roleKeys

/**
 * The role of a cloud that a ServiceAccount is mapped to by annotation; undefined where it is mapped to none: the
 * identity webhooks pass an empty value over. Associations of EKS Pod Identity and direct principals of Google Cloud
 * are in no object of the cluster.
 */
export function roleOf(account: unknown, cloud: Cloud): string | undefined {
  return annotationOf(account, roleKeys[cloud]) || undefined
}

/** The clouds whose roles a ServiceAccount is mapped to by annotation. */
export function cloudsOf(account: unknown): readonly Cloud[] {
  return clouds.filter((cloud) => roleOf(account, cloud) !== undefined)
}

/** An annotation of an object, if it is there and text. */
export function annotationOf(object: unknown, key: string): string | undefined {
  return stringOf(memberOf(memberOf(memberOf(object, 'metadata'), 'annotations'), key))
}

const clouds: readonly Cloud[] = ['eks', 'azure', 'gke']
const unsure: AccountAnswer = { state: 'unresolved', missing: 'ServiceAccount' }
const asMade: Kinds['ServiceAccount'] = Object.freeze({})

const filings = {
  CronJob: filingOf('CronJob'),
  DaemonSet: filingOf('DaemonSet'),
  Deployment: filingOf('Deployment'),
  Job: filingOf('Job'),
  ReplicaSet: filingOf('ReplicaSet'),
  ReplicationController: filingOf('ReplicationController'),
  Rollout: filingOf('Rollout'),
  StatefulSet: filingOf('StatefulSet'),
} as const

function filingOf(kind: WitnessKind): Filing<object> {
  return (object) => {
    const view = podSpecOf(kind, object)
    return view ? [accountNameOf(view.spec) ?? anyKey] : []
  }
}
