import { tooSmallNode } from '../../src/sdk/node-capacity.ts'
import { brief } from '../../src/sdk/names.ts'
import { podLevelConflicts } from '../../src/sdk/pod-level-conflicts.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import {
  compareQuantities,
  formatQuantity,
  parseQuantity,
  quantityRefusal,
  type Quantity,
} from '../../src/sdk/quantities.ts'
import { pathOf, quantitiesOf, type QuantityPlace } from '../../src/sdk/quantity-places.ts'
import {
  exceededLimit,
  inWords,
  mixesUnits,
  requestBeside,
  reserves,
  slipOf,
  type Slip,
} from '../../src/sdk/quantity-slips.ts'
import { resourceTargets, soundResources } from '../../src/sdk/required-resources.ts'
import { isVariable } from '../../src/sdk/variables.ts'

export default definePolicy({
  id: 'compute-quantity-suspicious',
  summary: 'Quantities mean what their author meant.',
  signatures: ['pending-pods', 'crash-loop', 'eviction'],
  since: '0.1.0',
  on: [...resourceTargets, 'HorizontalPodAutoscaler', 'LimitRange', 'PersistentVolumeClaim', 'ResourceQuota'],
  reads: ['Node'],
  sources: [
    'https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/',
    'apimachinery/pkg/api/resource/quantity.go',
    'kubernetes/pkg/apis/core/validation/validation.go',
  ],
  reasons: {
    'fractional-bytes': {
      baseline: 'deny',
      why: 'Memory has no fractions: m means thousandths, so 128m is one byte once it is rounded up, and nothing starts with that.',
      snippet: soundResources,
    },
    'rounded-bytes': {
      baseline: 'audit',
      why: 'The value is no whole number of bytes and is rounded up; two tools may round it differently and fight over it.',
    },
    'tiny-memory': {
      baseline: 'deny',
      why: 'A bare number is bytes and k is a thousand of them: no container starts with less than a few MiB.',
      snippet: soundResources,
    },
    'tiny-request': {
      baseline: 'warn',
      why: 'A bare number is bytes and k is a thousand of them: to the scheduler, a quota or an autoscaler this is next to nothing.',
    },
    'storage-bytes': {
      baseline: 'warn',
      why: 'A bare number is bytes: provisioners refuse such a volume, or round it up to their least size.',
    },
    'huge-cpu': {
      baseline: 'warn',
      why: 'A bare number is whole cores, and M is a million of them: 500 cores fit on no usual node, where 500m is half a core.',
    },
    'huge-cpu-impossible': {
      baseline: 'deny',
      why: 'The scheduler never adds up free space of several nodes: a pod that asks for more than the largest node has stays Pending.',
      snippet: soundResources,
    },
    'huge-memory': {
      baseline: 'warn',
      why: 'A suffix too large by one step: a pod that asks for a tebibyte or more fits on few nodes, and a limit of that size is none.',
    },
    'decimal-vs-binary': {
      baseline: 'audit',
      why: 'M is a million bytes and Mi is 1,048,576: the same digits make two different amounts, 5 % apart.',
    },
    'limit-below-request': {
      baseline: 'deny',
      api: true,
      why: 'The API server refuses a container that asks for more than it may use.',
    },
    'containers-above-pod': {
      baseline: 'deny',
      api: true,
      why: 'The API server (1.34 and later) refuses a pod whose containers may have more than the pod as a whole.',
    },
    'pods-refused': {
      baseline: 'deny',
      why: 'Requests are filled in from limits and containers when a pod is made: the workload is accepted and has no pods, and only the event FailedCreate says that the API server (1.34 and later) refuses each.',
      snippet: `resources: # of the pod: no less than its containers request together
  requests: { cpu: 200m, memory: 256Mi }
  limits: { cpu: "1", memory: 256Mi }`,
    },
    unparsable: {
      baseline: 'deny',
      api: true,
      why: 'The API server refuses the whole object when one quantity cannot be read.',
    },
  },
  params: {
    autoscaling: {
      type: 'boolean',
      default: false,
      description: 'Nodes are added on demand, also where their labels do not show it.',
    },
  },
  examples: {
    passes: [
      {
        name: 'every way to write a quantity',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: a, resources: { requests: { cpu: .5, memory: 128e6 }, limits: { cpu: "+1", memory: .25Gi } } }, { name: b, resources: { requests: { cpu: "5.", memory: 512Mi }, limits: { cpu: 1e1, memory: 1.5Gi } } }] } } } }`,
        frontEnd: 'check',
      },
      {
        name: 'a quota of a large team, and one that forbids volumes',
        object: `{ kind: ResourceQuota, spec: { hard: { requests.cpu: "400", limits.memory: 2Ti, requests.storage: "0", count/jobs.batch: "500" } } }`,
      },
      {
        name: 'a ratio may be a fraction, and a minimum small',
        object: `{ kind: LimitRange, spec: { limits: [{ type: Container, min: { memory: 512Ki }, max: { cpu: "128", memory: 2Ti }, default: { cpu: "1", memory: 1Gi }, defaultRequest: { cpu: 100m, memory: 128Mi }, maxLimitRequestRatio: { memory: "1.5" } }] } }`,
      },
      {
        name: 'containers that share what their pod has, and a sidecar that may use more than it',
        object: `{ kind: Deployment, spec: { template: { spec: { resources: { limits: { cpu: 500m, memory: 256Mi } }, initContainers: [{ name: log, restartPolicy: Always, resources: { requests: { cpu: 100m, memory: 100Mi }, limits: { memory: 512Mi } } }], containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 156Mi }, limits: { memory: 256Mi } } }] } } } }`,
      },
      {
        name: 'metrics of pods have any unit',
        object: `{ kind: HorizontalPodAutoscaler, spec: { maxReplicas: 5, metrics: [{ type: Pods, pods: { metric: { name: memory_pressure }, target: { type: AverageValue, averageValue: 500m } } }, { type: Resource, resource: { name: cpu, target: { type: AverageValue, averageValue: 500m } } }] } }`,
      },
    ],
    fails: [
      {
        name: 'what a variable holds is not known',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: a, resources: { requests: { cpu: "\${CPU}", memory: "\${MEMORY}" }, limits: { cpu: "\${CPU}", memory: "\${MEMORY}" } } }] } } } }`,
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
      {
        name: 'm for Mi',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128m }, limits: { cpu: 500m, memory: 128m } } }] } } } }`,
        finds: ['fractional-bytes /spec/template/spec/containers/0/resources/limits/memory'],
      },
      {
        name: 'no suffix at all, and k',
        object: `{ kind: Pod, spec: { containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128k }, limits: { cpu: 500m, memory: 512k } } }] } }`,
        finds: [
          'tiny-memory /spec/containers/0/resources/limits/memory',
          'tiny-request /spec/containers/0/resources/requests/memory',
        ],
      },
      {
        name: 'a bare number',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 100 }, limits: { cpu: 500m, memory: 100 } } }] } } } }`,
        finds: ['tiny-memory /spec/template/spec/containers/0/resources/limits/memory'],
      },
      {
        name: 'a fraction of a gibibyte that is no whole number of bytes',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 512Mi }, limits: { cpu: 500m, memory: 1.1Gi } } }] } } } }`,
        finds: ['rounded-bytes /spec/template/spec/containers/0/resources/limits/memory'],
      },
      {
        name: 'cores for millicores, on nodes that nobody knows',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web, resources: { requests: { cpu: "500", memory: 128Mi }, limits: { cpu: "500", memory: 128Mi } } }] } } } }`,
        unknown: ['Node'],
        finds: ['unresolved Node', 'huge-cpu /spec/template/spec/containers/0/resources/limits/cpu'],
      },
      {
        name: 'cores for millicores, more than any node has',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web, resources: { requests: { cpu: "500", memory: 128Mi }, limits: { cpu: "1000", memory: 128Mi } } }] } } } }`,
        inventory: `{ kind: Node, status: { allocatable: { cpu: 15890m, memory: 60Gi } } }`,
        alongside: ['compute-request-exceeds-node'],
        finds: [
          'huge-cpu /spec/template/spec/containers/0/resources/limits/cpu',
          'huge-cpu-impossible /spec/template/spec/containers/0/resources/requests/cpu',
        ],
      },
      {
        name: 'many cores, where larger nodes may come',
        object: `{ kind: Job, spec: { template: { spec: { containers: [{ name: render, resources: { requests: { cpu: 100, memory: 128Mi }, limits: { cpu: 100, memory: 128Mi } } }] } } } }`,
        inventory: `{ kind: Node, metadata: { labels: { karpenter.sh/nodepool: general } }, status: { allocatable: { cpu: "16" } } }`,
        alongside: ['compute-request-exceeds-node'],
        finds: ['huge-cpu /spec/template/spec/containers/0/resources/limits/cpu'],
      },
      {
        name: 'T for G',
        object: `{ kind: Pod, spec: { containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 2Ti } } }] } }`,
        alongside: ['compute-overcommit-ratio'],
        finds: ['huge-memory /spec/containers/0/resources/limits/memory'],
      },
      {
        name: 'suffixes that no memory has',
        object: `{ kind: Pod, spec: { containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128E }, limits: { cpu: 500m, memory: 512P } } }] } }`,
        finds: [
          'huge-memory /spec/containers/0/resources/limits/memory',
          'huge-memory /spec/containers/0/resources/requests/memory',
        ],
        frontEnd: 'webhook',
      },
      {
        name: 'M for m',
        object: `{ kind: Pod, spec: { containers: [{ name: web, resources: { requests: { cpu: 100M, memory: 128Mi }, limits: { cpu: 100M, memory: 128Mi } } }] } }`,
        unknown: ['Node'],
        finds: ['unresolved Node', 'huge-cpu /spec/containers/0/resources/limits/cpu'],
      },
      {
        name: 'M and Mi',
        object: `{ kind: Pod, spec: { containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 512M }, limits: { cpu: 500m, memory: 512Mi } } }] } }`,
        finds: ['decimal-vs-binary /spec/containers/0/resources/requests/memory'],
      },
      {
        name: 'a claim of a few bytes',
        object: `{ kind: PersistentVolumeClaim, spec: { storageClassName: "", accessModes: [ReadWriteOnce], resources: { requests: { storage: "100" } } } }`,
        finds: ['storage-bytes /spec/resources/requests/storage'],
      },
      {
        name: 'a LimitRange that gives a default of thousandths of a byte',
        object: `{ kind: LimitRange, spec: { limits: [{ type: Container, default: { memory: 256m }, defaultRequest: { memory: 256m } }] } }`,
        finds: ['fractional-bytes /spec/limits/0/default/memory'],
      },
      {
        name: 'an autoscaler that aims at half a byte',
        object: `{ kind: HorizontalPodAutoscaler, spec: { minReplicas: 2, maxReplicas: 5, metrics: [{ type: Resource, resource: { name: memory, target: { type: AverageValue, averageValue: 500m } } }] } }`,
        finds: ['fractional-bytes /spec/metrics/0/resource/target/averageValue'],
      },
      {
        name: 'what the API server refuses: a request above its limit',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 2Gi }, limits: { cpu: 500m, memory: 1Gi } } }] } } } }`,
        frontEnd: 'check',
        finds: ['limit-below-request /spec/template/spec/containers/0/resources/requests/memory'],
      },
      {
        name: 'what the API server refuses: containers that ask for more than the pod, or may use more',
        object: `{ kind: Deployment, spec: { template: { spec: { resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 256Mi } }, containers: [{ name: web, resources: { requests: { memory: 100Mi } } }, { name: log, resources: { requests: { cpu: 100m, memory: 100Mi }, limits: { cpu: "1" } } }] } } } }`,
        frontEnd: 'check',
        finds: [
          'containers-above-pod /spec/template/spec/containers/1/resources/limits/cpu',
          'containers-above-pod /spec/template/spec/resources/requests/memory',
        ],
      },
      {
        name: 'what the API server refuses: more huge pages than the pod has',
        object: `{ kind: Deployment, spec: { template: { spec: { resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 256Mi, hugepages-2Mi: 2Mi } }, initContainers: [{ name: migrate, resources: { limits: { hugepages-2Mi: 4Mi } } }], containers: [{ name: web }] } } } }`,
        frontEnd: 'check',
        finds: ['containers-above-pod /spec/template/spec/resources/limits/hugepages-2Mi'],
      },
      {
        name: 'what the API server refuses of a Pod: a limit below what is filled in of its containers',
        object: `{ kind: Pod, spec: { resources: { limits: { cpu: 500m, memory: 128Mi } }, containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 100Mi } } }, { name: log, resources: { requests: { cpu: 100m, memory: 100Mi } } }] } }`,
        frontEnd: 'check',
        finds: ['containers-above-pod /spec/resources/limits/memory'],
      },
      {
        name: 'containers request more than their pod may use: a template is accepted, its pods are not',
        object: `{ kind: Deployment, spec: { template: { spec: { resources: { limits: { cpu: 500m, memory: 128Mi } }, containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 100Mi } } }, { name: log, resources: { requests: { cpu: 100m, memory: 100Mi } } }] } } } }`,
        finds: ['pods-refused /spec/template/spec/resources/limits/memory'],
      },
      {
        name: 'the limits of containers become requests, above that of their pod',
        object: `{ kind: CronJob, spec: { jobTemplate: { spec: { template: { spec: { resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 512Mi } }, initContainers: [{ name: log, restartPolicy: Always, resources: { limits: { cpu: "2" } } }], containers: [{ name: web, resources: { limits: { memory: 200Mi } } }] } } } } } }`,
        finds: [
          'pods-refused /spec/jobTemplate/spec/template/spec/resources/requests/cpu',
          'pods-refused /spec/jobTemplate/spec/template/spec/resources/requests/memory',
        ],
      },
      {
        name: 'what the API server refuses: a LimitRange with such amounts',
        object: `{ kind: LimitRange, spec: { limits: [{ type: Container, max: { memory: 10 Gi }, defaultRequest: { cpu: 1x }, maxLimitRequestRatio: { memory: two } }] } }`,
        frontEnd: 'check',
        finds: [
          'unparsable /spec/limits/0/defaultRequest/cpu',
          'unparsable /spec/limits/0/max/memory',
          'unparsable /spec/limits/0/maxLimitRequestRatio/memory',
        ],
      },
      {
        name: 'what the API server refuses: a quota with such amounts',
        object: `{ kind: ResourceQuota, spec: { hard: { requests.cpu: 10x, limits.memory: 1GB, pods: ten } } }`,
        frontEnd: 'check',
        finds: [
          'unparsable /spec/hard/limits.memory',
          'unparsable /spec/hard/pods',
          'unparsable /spec/hard/requests.cpu',
        ],
      },
      {
        name: 'what the API server refuses: units that it does not have',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 1GB }, limits: { cpu: 500m, memory: 10 Gi } } }] } } } }`,
        frontEnd: 'check',
        finds: [
          'unparsable /spec/template/spec/containers/0/resources/limits/memory',
          'unparsable /spec/template/spec/containers/0/resources/requests/memory',
        ],
      },
    ],
  },
  *check({ kind, object, params, inventory }) {
    for (const { later, ...conflict } of podLevelConflicts(kind, object))
      yield { reason: later ? 'pods-refused' : 'containers-above-pod', ...conflict }
    const told = new Set<string>()
    for (const place of quantitiesOf(kind, object)) {
      const { value, resource } = place
      const quantity = parseQuantity(value)
      if (!quantity) {
        if (isVariable(value)) {
          yield unresolved('value')
          continue
        }
        const message = `${typedAt(place)} is no quantity: ${quantityRefusal(value)}`
        const fix = 'write a number and a suffix such as m, k, M, G, Ki, Mi or Gi'
        yield { reason: 'unparsable', path: pathOf(place), message, fix }
        continue
      }
      const limit = exceededLimit(place, quantity)
      if (limit) {
        const message = `${typedAt(place)} must be less than or equal to ${brief(resource)} limit of ${formatQuantity(limit)}`
        yield {
          reason: 'limit-below-request',
          path: pathOf(place),
          message,
          fix: 'raise the limit or lower the request',
        }
      }
      if (mixesUnits(place)) {
        const message = `${typedAt(place)} has the digits of its limit but another unit`
        const fix = `write ${asTyped(place.counterpart)} in both, or the same unit`
        yield { reason: 'decimal-vs-binary', path: pathOf(place), message, fix }
      }
      const slip = slipOf(place, quantity)
      if (!slip || told.has(`${place.group} ${resource} ${quantity.nano}`)) continue
      told.add(`${place.group} ${resource} ${quantity.nano}`)
      const means = `${typedAt(place)} means ${inWords(resource, quantity)}`
      const node = slip === 'huge-cpu' ? tooSmallNode(inventory, resource, quantity, params.autoscaling) : undefined
      if (node && 'unresolved' in node) yield node
      const impossible = node && 'nano' in node && reserves(place, quantity)
      const reason = impossible ? 'huge-cpu-impossible' : slip
      const message = impossible ? `${means}; the largest node has ${formatQuantity(node)}` : means
      yield { reason, path: pathOf(place), message, fix: `write ${meant(slip, place, quantity)}` }
    }
  },
})

function typedAt({ holder, field, key, value }: QuantityPlace): string {
  return `${holder} ${field}.${brief(key)} ${asTyped(value)}`
}

function asTyped(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40))
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : 'that is no number'
}

/** What the author most likely meant: the same digits with the usual suffix, unless the request beside it is more. */
function meant(slip: Slip, place: QuantityPlace, { nano }: Quantity): string {
  if (slip === 'rounded-bytes') return 'a whole number of Mi'
  const text = asTyped(place.value).replaceAll('"', '')
  const digits = /^[1-9]\d{0,3}(?=[mk]?$)/.exec(text)?.[0]
  const count = /^\d{1,4}(?=[A-Z])/.exec(text)?.[0]
  const least = requestBeside(place, slip)
  const offered = (...amounts: string[]) => amounts.filter((amount) => !least || isEnough(amount, least)).join(' or ')
  const orMore = least ? `, ${formatQuantity(least)} or more` : ''
  if (slip === 'huge-cpu') {
    const amount = offered(`${count ?? nano / 1_000_000_000n}m`)
    return amount ? `${amount} if thousandths of a core are meant` : `no more cores than a node has${orMore}`
  }
  if (slip === 'huge-memory') {
    if (count === undefined) return `a suffix such as Gi${orMore}`
    const amount = offered(`${count}Gi`, `${count}Mi`)
    return amount ? `${amount}, if that is meant` : `no more than a node has${orMore}`
  }
  const amount = offered(`${digits ?? '128'}${slip === 'storage-bytes' ? 'Gi' : 'Mi'}`)
  return amount ? `${amount}, or whatever whole amount is meant` : `a whole amount${orMore}`
}

function isEnough(amount: string, least: Quantity): boolean {
  const quantity = parseQuantity(amount)
  return quantity !== undefined && compareQuantities(quantity, least) >= 0
}
