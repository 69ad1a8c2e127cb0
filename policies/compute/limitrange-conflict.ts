import { unknown, type Inventory } from '../../src/sdk/inventory.ts'
import { podKinds, lastingKinds } from '../../src/sdk/kinds.ts'
import { defaultPathOf } from '../../src/sdk/limit-range-bounds.ts'
import { ambiguities, refusals } from '../../src/sdk/limit-range-refusals.ts'
import type { Refusal } from '../../src/sdk/limit-range-verdict.ts'
import { ambiguousDefaults } from '../../src/sdk/limit-ranges.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import type { Kinds } from '../../src/sdk/objects.ts'
import { controllerOf } from '../../src/sdk/owners.ts'
import {
  definePolicy,
  mostRelated,
  unresolved,
  type Related,
  type Unresolved,
  type Violation,
} from '../../src/sdk/policy.ts'
import { formatQuantity } from '../../src/sdk/quantities.ts'

const refused = {
  baseline: { default: 'warn', check: 'deny' },
  strict: { default: 'warn', template: 'deny', check: 'deny' },
} as const
const event = 'the workload is accepted and has no pods, and only the event FailedCreate says why.'

const container = (resources: string) =>
  `{ name: web, image: "registry.example.com/web:1.4.2", resources: ${resources} }`
const deployment = (resources: string, pod = '') =>
  `{ kind: Deployment, metadata: { name: web }, spec: { template: { spec: { ${pod} containers: [${container(resources)}] } } } }`
const limitRange = (items: string, name = 'example') =>
  `{ kind: LimitRange, metadata: { name: ${name} }, spec: { limits: [${items}] } }`
const sound = '{ requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 512Mi } }'
const smallDefault = limitRange('{ type: Container, default: { memory: 512Mi } }')
const noLimit = '{ requests: { cpu: 100m, memory: 2Gi }, limits: { cpu: 500m } }'
const statefulSet = (size: string) =>
  `{ kind: StatefulSet, spec: { replicas: 3, serviceName: db, selector: { matchLabels: { app: db } }, template: { metadata: { labels: { app: db } }, spec: { containers: [${container(sound)}] } }, volumeClaimTemplates: [{ metadata: { name: data }, spec: { storageClassName: gold, accessModes: [ReadWriteOnce], resources: { requests: { storage: ${size} } } } }] } }`
const goldClass = `{ kind: StorageClass, metadata: { name: gold }, provisioner: ebs.csi.aws.com, volumeBindingMode: WaitForFirstConsumer }`

export default definePolicy({
  id: 'compute-limitrange-conflict',
  summary: 'The LimitRanges of a namespace let the pods of its workloads pass.',
  signatures: ['failed-create'],
  since: '0.1.0',
  on: [...podKinds, 'LimitRange'],
  reads: ['LimitRange', ...lastingKinds],
  sources: [
    'kubernetes/plugin/pkg/admission/limitranger/admission.go',
    'kubernetes/pkg/apis/core/v1/defaults.go SetDefaults_LimitRangeItem',
    'kubernetes/pkg/apis/core/validation/validation.go validatePodResourceConsistency',
  ],
  reasons: {
    'default-limit-below-request': {
      ...refused,
      why: `LimitRanger fills in a limit below the request, and validation refuses every pod for it: ${event}`,
      snippet: `resources:
  requests: { memory: 2Gi }
  limits: { memory: 2Gi } # one of its own, not below the request`,
    },
    range: { ...refused, why: `LimitRanger refuses every pod outside of its bounds: ${event}` },
    'pod-level-conflict': {
      ...refused,
      why: `LimitRanger gives containers more than the pod as a whole may have, and validation refuses every pod for it: ${event}`,
    },
    'claim-range': {
      ...refused,
      why: 'The claim is made by a controller, which LimitRanger refuses: the workload is accepted, its pods wait for volumes that nobody makes.',
    },
    'ambiguous-limitrange': {
      baseline: 'audit',
      why: 'The first of several LimitRanges that has a value fills it in, in an order that is not specified: pods of one template may differ.',
    },
  },
  examples: {
    passes: [
      {
        name: 'requests and limits within the bounds',
        object: deployment(sound),
        inventory: limitRange(
          '{ type: Container, min: { memory: 64Mi }, max: { memory: 1Gi }, maxLimitRequestRatio: { memory: "4" } }, { type: Pod, max: { memory: 2Gi } }',
        ),
      },
      {
        name: 'a max alone is the default of both, and within itself',
        object: deployment('{}'),
        inventory: limitRange('{ type: Container, max: { cpu: "1", memory: 1Gi } }'),
      },
      {
        name: 'a limit of its own',
        object: deployment('{ requests: { cpu: 100m, memory: 2Gi }, limits: { cpu: 500m, memory: 2Gi } }'),
        inventory: smallDefault,
      },
      {
        name: 'a claim of a size that is allowed',
        object: statefulSet('10Gi'),
        inventory: `${goldClass}\n---\n${limitRange('{ type: PersistentVolumeClaim, min: { storage: 1Gi }, max: { storage: 10Gi } }')}`,
      },
      {
        name: 'seen from the LimitRange',
        object: limitRange('{ type: Container, max: { memory: 1Gi } }'),
        inventory: deployment(sound),
      },
      {
        name: 'two LimitRanges that give the same',
        object: deployment('{}'),
        inventory: `${limitRange('{ type: Container, default: { cpu: 500m, memory: 512Mi }, defaultRequest: { cpu: 100m, memory: 512Mi } }', 'one')}\n---\n${limitRange('{ type: Container, default: { memory: 0.5Gi } }', 'two')}`,
      },
    ],
    fails: [
      {
        name: 'a request without a limit, above the limit that is filled in',
        object: deployment(noLimit),
        inventory: smallDefault,
        finds: ['default-limit-below-request /spec/template/spec/containers/0/resources/limits/memory'],
      },
      {
        name: 'the same, seen from the LimitRange',
        object: smallDefault,
        inventory: deployment(noLimit),
        alongside: ['compute-memory-limit-required'],
        finds: ['default-limit-below-request /spec/limits/0/default/memory'],
      },
      {
        name: 'a request above the max, which is the limit that is filled in: a higher limit is no way out',
        object: deployment(noLimit),
        inventory: limitRange('{ type: Container, max: { memory: 512Mi } }'),
        finds: ['range /spec/template/spec/containers/0/resources/requests/memory'],
      },
      {
        name: 'a limit above the max, and a request below the min, of an init container too',
        object: `{ kind: CronJob, spec: { jobTemplate: { spec: { template: { spec: { initContainers: [{ name: migrate, resources: { requests: { cpu: 100m, memory: 32Mi } } }], containers: [${container('{ requests: { cpu: 100m, memory: 1Gi }, limits: { cpu: 500m, memory: 2Gi } }')}] } } } } } }`,
        inventory: limitRange('{ type: Container, min: { memory: 64Mi }, max: { memory: 1Gi } }'),
        alongside: ['compute-overcommit-ratio'],
        finds: [
          'range /spec/jobTemplate/spec/template/spec/containers/0/resources/limits/memory',
          'range /spec/jobTemplate/spec/template/spec/initContainers/0/resources/requests/memory',
        ],
      },
      {
        name: 'a limit that is too many times the request',
        object: deployment('{ requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 512Mi } }'),
        inventory: limitRange('{ type: Container, maxLimitRequestRatio: { cpu: "10", memory: "2" } }'),
        finds: ['range /spec/template/spec/containers/0/resources/limits/memory'],
      },
      {
        name: 'a ratio is bounded, and there is no limit',
        object: deployment('{ requests: { cpu: 100m, memory: 128Mi }, limits: { memory: 128Mi } }'),
        inventory: limitRange('{ type: Container, maxLimitRequestRatio: { cpu: "10" } }'),
        alongside: ['compute-cpu-limit'],
        finds: ['range /spec/template/spec/containers/0/resources/limits/cpu'],
      },
      {
        name: 'the containers together, where each of them would pass',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [${container(sound)}, ${container(sound).replace('web', 'log')}] } } } }`,
        inventory: limitRange('{ type: Pod, max: { memory: 768Mi } }'),
        finds: ['range /spec/template/spec/containers'],
      },
      {
        name: 'a limit that is filled in is above that of the pod as a whole',
        object: deployment(
          '{ requests: { memory: 64Mi } }',
          'resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 256Mi } },',
        ),
        inventory: smallDefault,
        finds: ['pod-level-conflict /spec/template/spec/containers/0/resources/limits/memory'],
      },
      {
        name: 'requests that are filled in are together above that of the pod as a whole',
        object: `{ kind: Deployment, spec: { template: { spec: { resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 256Mi } }, containers: [{ name: web }, { name: log }] } } } }`,
        inventory: limitRange('{ type: Container, default: { memory: 128Mi }, defaultRequest: { memory: 96Mi } }'),
        finds: ['pod-level-conflict /spec/template/spec/resources/requests/memory'],
      },
      {
        name: 'the claims of a StatefulSet are too large',
        object: statefulSet('100Gi'),
        inventory: `${goldClass}\n---\n${limitRange('{ type: PersistentVolumeClaim, max: { storage: 10Gi } }')}`,
        finds: ['claim-range /spec/volumeClaimTemplates/0/spec/resources/requests/storage'],
      },
      {
        name: 'bounds that nobody can read',
        object: deployment(sound),
        inventory: limitRange('{ type: Container, max: { cpu: 1x, memory: 10 Gi } }'),
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
      {
        name: 'two LimitRanges give different limits',
        object: deployment('{ requests: { cpu: 100m, memory: 256Mi }, limits: { cpu: 500m } }'),
        inventory: `${smallDefault}\n---\n${limitRange('{ type: Container, default: { memory: 1Gi } }', 'other')}`,
        alongside: [],
        finds: ['ambiguous-limitrange /spec/template/spec/containers/0/resources/limits/memory'],
      },
      {
        name: 'two LimitRanges give different limits, seen from one of them',
        object: smallDefault,
        inventory: limitRange(
          '{ type: Container, default: { memory: 1Gi }, defaultRequest: { memory: 512Mi } }',
          'other',
        ),
        finds: ['ambiguous-limitrange /spec/limits/0/default/memory'],
      },
      {
        name: 'what a variable holds is not known',
        object: deployment(
          '{ requests: { cpu: 100m, memory: "${MEMORY}" }, limits: { cpu: 500m, memory: "${MEMORY}" } }',
        ),
        inventory: limitRange('{ type: Container, max: { memory: 1Gi } }'),
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
      {
        name: 'LimitRanges are not known yet',
        object: deployment(sound),
        unknown: ['LimitRange'],
        finds: ['unresolved LimitRange'],
      },
    ],
  },
  *check({ kind, object, namespace, inventory }) {
    const ranges = inventory.list('LimitRange', namespace)
    if (ranges === unknown) {
      yield unresolved('LimitRange')
      return
    }
    if (kind === 'LimitRange') {
      yield* refusedBy(object, ranges, namespace, inventory)
      return
    }
    const uncertain = (range: LimitRange) => inventory.uncertain(range)
    for (const refusal of refusals(kind, object, ranges, uncertain)) {
      if ('unresolved' in refusal) {
        yield refusal
        continue
      }
      const { reason, path, seen, range, ruling, fix } = refusal
      const name = nameOf(range)
      const message = `${seen}; LimitRange ${brief(name, 24)} ${ruling}`
      yield { reason, path, message, fix, related: [{ kind: 'LimitRange', namespace, name, path: refusal.rangePath }] }
    }
    if (ranges.some(uncertain)) return
    for (const { container, field, resource, path, least, most } of ambiguities(kind, object, ranges)) {
      yield {
        reason: 'ambiguous-limitrange',
        path,
        message: `container ${container} gets a ${brief(resource)} ${singular[field]} of ${formatQuantity(least)} or ${formatQuantity(most)}, by the LimitRange that is asked first`,
        fix: `set ${field}.${brief(resource)}, or keep one LimitRange`,
        related: ranges.slice(0, mostRelated).map((range) => ({ kind: 'LimitRange', namespace, name: nameOf(range) })),
      }
    }
  },
})

type LimitRange = Kinds['LimitRange']

const singular = { limits: 'limit', requests: 'request' } as const

interface Group {
  readonly refusal: Refusal
  readonly workloads: Related[]
  count: number
}

type Reason = Refusal['reason'] | 'ambiguous-limitrange'

/** What a LimitRange under review does to the workloads that are there: one finding for each of its values. */
function* refusedBy(
  own: LimitRange,
  ranges: readonly LimitRange[],
  namespace: string,
  inventory: Inventory<'LimitRange' | (typeof lastingKinds)[number]>,
): Generator<Violation<Reason> | Unresolved, void, undefined> {
  const groups = new Map<string, Group>()
  for (const kind of lastingKinds) {
    const workloads = inventory.list(kind, namespace)
    if (workloads === unknown) {
      yield unresolved(kind)
      continue
    }
    for (const workload of workloads) {
      // Its owner's template says the same.
      if (controllerOf(workload)) continue
      for (const refusal of refusals(kind, workload, ranges, (range) => inventory.uncertain(range))) {
        if ('unresolved' in refusal) yield refusal
        else if (inventory.uncertain(workload)) yield unresolved(kind)
        else if (refusal.range === own)
          add(groups, refusal, { kind, namespace, name: nameOf(workload), path: refusal.path })
      }
    }
  }
  for (const { refusal, workloads, count } of groups.values()) {
    const [first] = workloads
    const more = count > 1 ? ` and ${count - 1} more` : ''
    yield {
      reason: refusal.reason,
      path: refusal.rangePath,
      message: `refuses pods of ${first?.kind ?? ''}/${brief(first?.name ?? '', 20)}${more}: ${refusal.seen}; this LimitRange ${refusal.ruling}`,
      fix: 'change the value, or the workload first',
      related: workloads,
    }
  }
  for (const { field, resource, least, most } of ambiguousDefaults(own, ranges)) {
    yield {
      reason: 'ambiguous-limitrange',
      path: defaultPathOf(own, field, resource) ?? '/spec/limits',
      message: `the LimitRanges of the namespace give ${field}.${brief(resource)} of ${formatQuantity(least)} and ${formatQuantity(most)}`,
      fix: 'give one value, or keep one LimitRange',
      related: ranges.flatMap((range) =>
        range === own ? [] : [{ kind: 'LimitRange', namespace, name: nameOf(range) }],
      ),
    }
  }
}

function add(groups: Map<string, Group>, refusal: Refusal, workload: Related): void {
  const key = `${refusal.reason} ${refusal.rangePath}`
  const group = groups.get(key) ?? { refusal, workloads: [], count: 0 }
  groups.set(key, group)
  const last = group.workloads.at(-1)
  // Several containers of one workload.
  if (last?.kind === workload.kind && last.name === workload.name) return
  group.count++
  if (group.workloads.length < mostRelated) group.workloads.push(workload)
}
