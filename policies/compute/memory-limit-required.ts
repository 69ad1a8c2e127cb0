import { unknown } from '../../src/sdk/inventory.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { compareQuantities, formatQuantity } from '../../src/sdk/quantities.ts'
import {
  requiredValues,
  resourceParams,
  resourcesUnderReview,
  resourceExamples,
  resourceTargets,
  soundResources,
} from '../../src/sdk/required-resources.ts'
import { isPositive, valueOf } from '../../src/sdk/resource-values.ts'

export default definePolicy({
  id: 'compute-memory-limit-required',
  summary: 'Every container that runs has a memory limit.',
  signatures: ['eviction', 'crash-loop'],
  since: '0.1.0',
  on: resourceTargets,
  reads: ['LimitRange'],
  ownedPods: true,
  sources: [
    'https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/',
    'https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/',
  ],
  reasons: {
    missing: {
      baseline: 'deny',
      why: 'Without a limit one leak takes the memory of the whole node, and the kubelet evicts its neighbours to save itself.',
      snippet: soundResources,
    },
    unequal: {
      baseline: 'warn',
      why: 'Memory between request and limit is promised to several pods at once: whoever claims it last is killed.',
      snippet: soundResources,
    },
  },
  params: {
    ...resourceParams,
    includeInit: {
      type: 'boolean',
      default: false,
      description: 'Init containers that end before the others start need a limit too.',
    },
    requireEqualRequest: {
      type: 'boolean',
      default: false,
      description: 'The limit must equal the request, so that memory is never promised twice.',
    },
  },
  examples: {
    passes: [
      resourceExamples.mirror,
      {
        name: 'a LimitRange in every namespace, say the settings',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web }] } } } }`,
        params: { assumeLimitRange: 'all' },
        frontEnd: 'check',
        alongside: ['compute-cpu-limit', 'compute-requests-required'],
      },
      {
        name: 'a memory limit',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 256Mi } } }] } } } }`,
      },
      {
        name: 'a LimitRange gives it, through its max alone',
        object: `{ kind: Job, spec: { template: { spec: { containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m } } }] } } } }`,
        inventory: `{ kind: LimitRange, spec: { limits: [{ type: Container, max: { memory: 512Mi } }] } }`,
      },
      {
        name: 'the pod has one as a whole',
        object: `{ kind: Deployment, spec: { template: { spec: { resources: { limits: { memory: 256Mi } }, containers: [{ name: web, resources: { requests: { cpu: 100m }, limits: { cpu: 500m } } }] } } } }`,
      },
      {
        name: 'an init container needs none',
        object: `{ kind: Deployment, spec: { template: { spec: { initContainers: [{ name: migrate, resources: { requests: { cpu: 100m, memory: 128Mi } } }], containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 256Mi } } }] } } } }`,
      },
      {
        name: 'limit and request are the same amount',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 1024Mi }, limits: { cpu: 500m, memory: 1Gi } } }] } } } }`,
        params: { requireEqualRequest: true },
      },
    ],
    fails: [
      resourceExamples.unreadableDefaults,
      {
        name: 'a Pod of a controller is warned of, the template is where it is mended',
        object: resourceExamples.owned,
        alongside: ['compute-cpu-limit', 'compute-requests-required'],
        finds: ['missing /spec/containers/0/resources/limits/memory'],
      },
      {
        name: 'no memory limit',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m } } }] } } } }`,
        finds: ['missing /spec/template/spec/containers/0/resources/limits/memory'],
      },
      {
        name: 'a limit of 0 is none',
        object: `{ kind: Pod, spec: { containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 0 }, limits: { cpu: 500m, memory: 0 } } }] } }`,
        alongside: ['compute-requests-required'],
        finds: ['missing /spec/containers/0/resources/limits/memory'],
      },
      {
        name: 'a sidecar without a limit',
        object: `{ kind: StatefulSet, spec: { template: { spec: { initContainers: [{ name: proxy, restartPolicy: Always, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m } } }], containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 256Mi } } }] } } } }`,
        finds: ['missing /spec/template/spec/initContainers/0/resources/limits/memory'],
      },
      {
        name: 'an init container without a limit, where the platform wants one',
        object: `{ kind: Deployment, spec: { template: { spec: { initContainers: [{ name: migrate, resources: { requests: { cpu: 100m, memory: 128Mi } } }], containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 128Mi } } }] } } } }`,
        params: { includeInit: true },
        finds: ['missing /spec/template/spec/initContainers/0/resources/limits/memory'],
      },
      {
        name: 'limit and request differ, where that is not allowed',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 256Mi } } }] } } } }`,
        params: { requireEqualRequest: true },
        finds: ['unequal /spec/template/spec/containers/0/resources/limits/memory'],
      },
      {
        name: 'what a variable holds is not known',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web, resources: "\${RESOURCES}" }] } } } }`,
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
    ],
  },
  *check(input) {
    const reviewed = resourcesUnderReview(input)
    if (!reviewed) return
    for (const required of requiredValues(reviewed, 'limits', 'memory', input.params)) {
      if ('unresolved' in required) {
        yield required
        continue
      }
      const { container, value, path } = required
      if (!isPositive(value)) {
        const message = `container ${container.name} has ${value ? 'a memory limit of 0, which is none' : 'no memory limit'}`
        const fix = `set limits.memory of ${container.name}, such as 128Mi${reviewed.orLimitRange}`
        yield { reason: 'missing', path, message, fix }
        continue
      }
      const limit = value?.quantity
      const request = valueOf(container.requests, 'memory')?.quantity
      if (!input.params.requireEqualRequest || !limit || !request || limit === unknown) continue
      if (request === unknown) {
        yield unresolved('value')
        continue
      }
      if (compareQuantities(limit, request) === 0) continue
      const message = `container ${container.name} requests ${formatQuantity(request)} of memory but may use ${formatQuantity(limit)}`
      yield { reason: 'unequal', path, message, fix: 'set requests.memory and limits.memory to the same amount' }
    }
  },
})
