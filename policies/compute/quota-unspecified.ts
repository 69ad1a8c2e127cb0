import { effectiveResources } from '../../src/sdk/effective-resources.ts'
import { unknown, type Inventory } from '../../src/sdk/inventory.ts'
import { podKinds, lastingKinds } from '../../src/sdk/kinds.ts'
import { containerDefaults } from '../../src/sdk/limit-ranges.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import type { KindName, Kinds } from '../../src/sdk/objects.ts'
import { controllerOf } from '../../src/sdk/owners.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { pointer } from '../../src/sdk/pointer.ts'
import {
  definePolicy,
  mostRelated,
  unresolved,
  type Related,
  type Unresolved,
  type Violation,
} from '../../src/sdk/policy.ts'
import { formatQuantity } from '../../src/sdk/quantities.ts'
import { exhaustedClaims } from '../../src/sdk/quota-claims.ts'
import {
  comingPods,
  currentPods,
  exhausted,
  unspecified,
  type Exhausted,
  type QuotaReads,
  type QuotaSubject,
} from '../../src/sdk/quota-shortfalls.ts'
import { resourceParams, resourcesUnderReview, soundResources } from '../../src/sdk/required-resources.ts'

const container = (name: string, resources: string, fields = '') =>
  `{ name: ${name}, image: "registry.example.com/web:1.4.2", resources: ${resources}${fields} }`
const sound = '{ requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 128Mi } }'
const deployment = (containers: string, pod = '', spec = '') =>
  `{ kind: Deployment, metadata: { name: web }, spec: { ${spec} selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { ${pod} containers: [${containers}] } } } }`
const quota = (hard: string, rest = '', name = 'team') =>
  `{ kind: ResourceQuota, metadata: { name: ${name} }, spec: { hard: { ${hard} }${rest && `, ${rest}`} } }`
const used = (hard: string, amounts: string) =>
  `{ kind: ResourceQuota, metadata: { name: team }, spec: { hard: { ${hard} } }, status: { hard: { ${hard} }, used: { ${amounts} } } }`
const noCpu = '{ requests: { memory: 128Mi }, limits: { memory: 128Mi } }'
const statefulSet = (replicas: number, size = '10Gi') =>
  `{ kind: StatefulSet, metadata: { name: db }, spec: { replicas: ${replicas}, serviceName: db, selector: { matchLabels: { app: db } }, template: { metadata: { labels: { app: db } }, spec: { containers: [${container('db', sound)}] } }, volumeClaimTemplates: [{ metadata: { name: data }, spec: { storageClassName: gold, accessModes: [ReadWriteOnce], resources: { requests: { storage: ${size} } } } }] } }`
const claim = (name: string) =>
  `{ kind: PersistentVolumeClaim, metadata: { name: ${name} }, spec: { storageClassName: gold, accessModes: [ReadWriteOnce], resources: { requests: { storage: 10Gi } } } }`
const goldClass = `{ kind: StorageClass, metadata: { name: gold }, provisioner: ebs.csi.aws.com, volumeBindingMode: WaitForFirstConsumer }`
const requestsOnly = ['compute-requests-required', 'compute-cpu-limit'] as const

export default definePolicy({
  id: 'compute-quota-unspecified',
  summary: 'The ResourceQuotas of a namespace let the pods and claims of its workloads pass.',
  signatures: ['failed-create'],
  since: '0.1.0',
  on: [...podKinds, 'ResourceQuota'],
  reads: [
    'ResourceQuota',
    'LimitRange',
    'PriorityClass',
    'HorizontalPodAutoscaler',
    'PersistentVolumeClaim',
    'StorageClass',
    ...lastingKinds,
  ],
  sources: [
    'kubernetes/pkg/quota/v1/evaluator/core/pods.go',
    'kubernetes/pkg/quota/v1/evaluator/core/persistent_volume_claims.go',
    'apiserver/pkg/admission/plugin/resourcequota/controller.go CheckRequest',
  ],
  reasons: {
    unspecified: {
      baseline: 'warn',
      why: 'A quota on cpu or memory refuses every pod with a container that does not say the value: the workload is accepted and has no pods, and only the event FailedCreate says why.',
      snippet: soundResources,
    },
    exhausted: {
      baseline: 'audit',
      strict: 'warn',
      why: 'What the quota has left is less than the pods need: some of them are refused, and only the event FailedCreate says why.',
    },
    claims: {
      baseline: 'warn',
      why: 'The StatefulSet makes its claims one by one and stops half-way: the quota refuses the next claim, and no pod of a higher ordinal follows.',
    },
  },
  params: {
    assumeLimitRange: resourceParams.assumeLimitRange,
    limitRangeNamespaces: resourceParams.limitRangeNamespaces,
  },
  examples: {
    passes: [
      {
        name: 'every container says what the quota wants',
        object: deployment(container('web', sound)),
        inventory: quota('requests.cpu: "4", limits.memory: 8Gi'),
      },
      {
        name: 'a LimitRange gives it',
        object: deployment(container('web', noCpu)),
        inventory: `${quota('requests.cpu: "4", limits.cpu: "8"')}\n---\n{ kind: LimitRange, spec: { limits: [{ type: Container, default: { cpu: 500m }, defaultRequest: { cpu: 100m } }] } }`,
      },
      {
        name: 'requests follow from limits',
        object: deployment(container('web', '{ limits: { cpu: 500m, memory: 128Mi } }')),
        inventory: quota('cpu: "4", memory: 8Gi'),
      },
      {
        name: 'only cpu and memory are wanted of every container',
        object: deployment(container('web', sound)),
        inventory: quota(
          'requests.ephemeral-storage: 10Gi, limits.ephemeral-storage: 10Gi, requests.nvidia.com/gpu: "4", pods: "20"',
        ),
      },
      {
        name: 'the scopes of the quota do not hold: the pods have no deadline, and another priority',
        object: deployment(container('web', sound), 'priorityClassName: low,'),
        inventory: `{ kind: PriorityClass, metadata: { name: low }, value: 1 }\n---\n${quota('limits.cpu: "0"', 'scopes: [Terminating]')}\n---\n${quota('limits.cpu: "0"', 'scopeSelector: { matchExpressions: [{ scopeName: PriorityClass, operator: In, values: [high] }] }', 'high')}`,
      },
      {
        name: 'the claims that are there already are counted',
        object: statefulSet(3),
        inventory: `${goldClass}\n---\n${claim('data-db-0')}\n---\n${claim('data-db-1')}\n---\n${used('persistentvolumeclaims: "3", requests.storage: 30Gi', 'persistentvolumeclaims: "2", requests.storage: 20Gi')}`,
      },
      {
        name: 'seen from the quota',
        object: quota('requests.cpu: "4", pods: "8"'),
        inventory: deployment(container('web', sound)),
      },
    ],
    fails: [
      {
        name: 'no cpu request in a container, an init container and a sidecar',
        object: deployment(
          container('web', noCpu),
          `initContainers: [${container('migrate', noCpu)}, ${container('proxy', noCpu, ', restartPolicy: Always')}],`,
        ),
        inventory: quota('requests.cpu: "4"'),
        alongside: requestsOnly,
        finds: [
          'unspecified /spec/template/spec/containers/0/resources/requests/cpu',
          'unspecified /spec/template/spec/initContainers/0/resources/requests/cpu',
          'unspecified /spec/template/spec/initContainers/1/resources/requests/cpu',
        ],
      },
      {
        name: 'no cpu limit, which one of two quotas wants',
        object: `{ kind: CronJob, spec: { jobTemplate: { spec: { template: { spec: { containers: [${container('web', '{ requests: { cpu: 100m, memory: 128Mi }, limits: { memory: 128Mi } }')}] } } } } } }`,
        inventory: `${quota('requests.cpu: "4"')}\n---\n${quota('limits.cpu: "8"', '', 'limits')}`,
        alongside: ['compute-cpu-limit'],
        finds: ['unspecified /spec/jobTemplate/spec/template/spec/containers/0/resources/limits/cpu'],
      },
      {
        name: 'a 0 satisfies the quota, though nobody else',
        object: deployment(
          `${container('web', '{ requests: { cpu: "0", memory: 128Mi }, limits: { memory: 128Mi } }')}, ${container('log', noCpu)}`,
        ),
        inventory: quota('requests.cpu: "4"'),
        alongside: requestsOnly,
        finds: ['unspecified /spec/template/spec/containers/1/resources/requests/cpu'],
      },
      {
        name: 'a pod that requests anything is not BestEffort',
        object: deployment(container('web', noCpu)),
        inventory: quota('limits.cpu: "8"', 'scopes: [NotBestEffort]'),
        alongside: requestsOnly,
        finds: ['unspecified /spec/template/spec/containers/0/resources/limits/cpu'],
      },
      {
        name: 'the class that pods have by default is that of the quota',
        object: deployment(container('web', noCpu)),
        inventory: `{ kind: PriorityClass, metadata: { name: standard }, value: 1, globalDefault: true }\n---\n${quota('requests.cpu: "4"', 'scopeSelector: { matchExpressions: [{ scopeName: PriorityClass, operator: In, values: [standard] }] }')}`,
        alongside: requestsOnly,
        finds: ['unspecified /spec/template/spec/containers/0/resources/requests/cpu'],
      },
      {
        name: 'seen from the quota',
        object: quota('requests.cpu: "4"'),
        inventory: deployment(container('web', noCpu)),
        finds: ['unspecified /spec/hard/requests.cpu'],
      },
      {
        name: 'three pods need more than is left',
        object: deployment(container('web', sound), '', 'replicas: 3, strategy: { type: Recreate },'),
        inventory: used('requests.cpu: "1", pods: "20"', 'requests.cpu: 900m, pods: "4"'),
        finds: ['exhausted /spec/replicas'],
      },
      {
        name: 'more pods than there may ever be, seen from the quota',
        object: quota('pods: "2"'),
        inventory: deployment(container('web', sound), '', 'replicas: 3, strategy: { type: Recreate },'),
        finds: ['exhausted /spec/hard/pods'],
      },
      {
        name: 'a StatefulSet makes more claims than are left',
        object: statefulSet(3),
        inventory: `${goldClass}\n---\n${claim('data-db-0')}\n---\n${used('persistentvolumeclaims: "2"', 'persistentvolumeclaims: "1"')}`,
        finds: ['claims /spec/volumeClaimTemplates'],
      },
      {
        name: 'the storage of one class',
        object: statefulSet(2),
        inventory: `${quota('gold.storageclass.storage.k8s.io/requests.storage: 15Gi')}\n---\n${goldClass}`,
        finds: ['claims /spec/volumeClaimTemplates'],
      },
      {
        name: 'the claims of a StatefulSet, seen from the quota',
        object: quota('requests.storage: 15Gi'),
        inventory: `${statefulSet(2)}\n---\n${goldClass}`,
        finds: ['claims /spec/hard/requests.storage'],
      },
      {
        name: 'an amount that nobody can read',
        object: deployment(container('web', sound), '', 'replicas: 2,'),
        inventory: quota('limits.memory: 1GB'),
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
      {
        name: 'LimitRanges are not known yet',
        object: deployment(container('web', noCpu)),
        inventory: quota('requests.cpu: "4"'),
        unknown: ['LimitRange'],
        alongside: requestsOnly,
        finds: ['unresolved LimitRange'],
      },
      {
        name: 'quotas are not known yet',
        object: deployment(container('web', sound)),
        unknown: ['ResourceQuota'],
        finds: ['unresolved ResourceQuota'],
      },
    ],
  },
  *check(input) {
    const { kind, object, namespace, params, inventory } = input
    const quotas = inventory.list('ResourceQuota', namespace)
    if (quotas === unknown) {
      yield unresolved('ResourceQuota')
      return
    }
    if (kind === 'ResourceQuota') {
      yield* foundInNamespace(object, namespace, inventory)
      return
    }
    const view = podSpecOf(kind, object)
    const reviewed = resourcesUnderReview({ ...input, params: { ...params, podLevelResources: true } })
    if (quotas.length === 0 || !view || !reviewed) return
    const subject: QuotaSubject = { kind, object, namespace, view, resources: reviewed.resources }
    const related = (quota: Quota): Related[] => [{ kind: 'ResourceQuota', namespace, name: nameOf(quota) }]
    // Who has been through LimitRanger has all that it gives.
    const isDefaulted = kind === 'Pod' && input.review.frontEnd !== 'check'
    const isUnsure = !isDefaulted && inventory.list('LimitRange', namespace) === unknown
    for (const found of unspecified(subject, quotas, inventory)) {
      if ('unresolved' in found) yield found
      else if (isUnsure) yield unresolved('LimitRange')
      else {
        const { quota, key, container, field, resource, path } = found
        yield {
          reason: 'unspecified',
          path,
          message: `container ${container.name} has no ${resource} ${singular[field]}, and ResourceQuota ${brief(nameOf(quota), 24)} on ${key} wants one of every container`,
          fix: `set ${field}.${resource} of ${container.name}${reviewed.orLimitRange}`,
          related: related(quota),
        }
      }
    }
    const coming = comingPods(subject, inventory)
    if (typeof coming !== 'number') {
      yield coming
      return
    }
    for (const found of exhausted(subject, coming, quotas, inventory)) {
      if ('unresolved' in found) {
        yield found
        continue
      }
      const message = `${coming} pods to come need ${inWords(found)}`
      const fix = 'ask for less, or have the quota raised'
      yield { reason: 'exhausted', path: `/spec${placeOf(kind)}`, message, fix, related: related(found.quota) }
      break
    }
    if (kind !== 'StatefulSet') return
    const replicas = currentPods(kind, object, namespace, inventory)
    if (typeof replicas !== 'number') return
    for (const found of exhaustedClaims(object, replicas, namespace, quotas, inventory)) {
      if ('unresolved' in found) {
        yield found
        continue
      }
      const message = `${found.coming} claims to come need ${inWords(found)}`
      const fix = 'run fewer replicas, claim less, or have the quota raised'
      yield { reason: 'claims', path: '/spec/volumeClaimTemplates', message, fix, related: related(found.quota) }
      break
    }
  },
})

type Quota = Kinds['ResourceQuota']
type Reason = 'unspecified' | 'exhausted' | 'claims'

const singular = { limits: 'limit', requests: 'request' } as const

function inWords({ key, needed, hard, used, quota }: Exhausted): string {
  const left = used.nano === 0n ? 'allows' : `has used ${formatQuantity(used)} of`
  return `${formatQuantity(needed)} of ${brief(key, 40)}; ResourceQuota ${brief(nameOf(quota), 24)} ${left} ${formatQuantity(hard)}`
}

function placeOf(kind: KindName): string {
  return kind === 'Pod' ? '/containers' : kind === 'Job' ? '/parallelism' : '/replicas'
}

interface Told {
  readonly reason: Reason
  readonly key: string
  readonly what: string
  readonly workloads: Related[]
  count: number
}

/** What a quota under review does to the workloads of its namespace: one finding for each of its keys. */
function* foundInNamespace(
  quota: Quota,
  namespace: string,
  inventory: Inventory<
    QuotaReads | 'LimitRange' | 'PersistentVolumeClaim' | 'StorageClass' | (typeof lastingKinds)[number]
  >,
): Generator<Violation<Reason> | Unresolved, void, undefined> {
  const ranges = inventory.list('LimitRange', namespace)
  if (ranges === unknown) yield unresolved('LimitRange')
  const defaults = containerDefaults(ranges === unknown ? [] : ranges, (range) => inventory.uncertain(range))
  const told = new Map<string, Told>()
  // What is used of it says nothing of what each workload needs alone.
  const unused: Quota = { ...quota, status: null }
  for (const kind of lastingKinds) {
    const workloads = inventory.list(kind, namespace)
    if (workloads === unknown) {
      yield unresolved(kind)
      continue
    }
    for (const object of workloads) {
      const view = podSpecOf(kind, object)
      // Its owner's template says the same.
      if (!view || controllerOf(object) || inventory.uncertain(object)) continue
      const subject: QuotaSubject = { kind, object, namespace, view, resources: effectiveResources(view, defaults) }
      const place: Related = { kind, namespace, name: nameOf(object) }
      for (const found of ranges === unknown ? [] : unspecified(subject, [quota], inventory)) {
        if ('unresolved' in found) yield found
        else {
          const what = `container ${found.container.name} has no ${found.resource} ${singular[found.field]}`
          add(told, { reason: 'unspecified', key: found.key, what }, place)
        }
      }
      const replicas = currentPods(kind, object, namespace, inventory)
      if (typeof replicas !== 'number') {
        yield replicas
        continue
      }
      for (const found of exhausted(subject, replicas, [unused], inventory)) {
        if ('unresolved' in found) yield found
        else {
          const what = `${replicas} pods need ${formatQuantity(found.needed)}`
          add(told, { reason: 'exhausted', key: found.key, what }, place)
        }
      }
      if (kind !== 'StatefulSet') continue
      for (const found of exhaustedClaims(object, replicas, namespace, [quota], inventory)) {
        if ('unresolved' in found) yield found
        else add(told, { reason: 'claims', key: found.key, what: `${found.coming} claims to come` }, place)
      }
    }
  }
  for (const { reason, key, what, workloads, count } of told.values()) {
    const [first] = workloads
    const more = count > 1 ? ` and ${count - 1} more` : ''
    yield {
      reason,
      path: pointer('spec', 'hard', key),
      message: `the quota on ${brief(key, 40)} refuses pods of ${first?.kind ?? ''}/${brief(first?.name ?? '', 20)}${more}: ${what}`,
      fix: fixes[reason],
      related: workloads,
    }
  }
}

const fixes = {
  unspecified: 'say the values there first, or define a LimitRange that gives them',
  exhausted: 'grant more, or run less',
  claims: 'grant more, or claim less',
} as const

function add(
  told: Map<string, Told>,
  { reason, key, what }: Pick<Told, 'reason' | 'key' | 'what'>,
  place: Related,
): void {
  const known = told.get(`${reason} ${key}`) ?? { reason, key, what, workloads: [], count: 0 }
  told.set(`${reason} ${key}`, known)
  const last = known.workloads.at(-1)
  // Several containers of one workload.
  if (last?.kind === place.kind && last.name === place.name) return
  known.count++
  if (known.workloads.length < mostRelated) known.workloads.push(place)
}
