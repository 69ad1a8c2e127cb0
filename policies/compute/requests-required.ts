import { definePolicy } from '../../src/sdk/policy.ts'
import {
  requiredValues,
  resourceParams,
  resourcesUnderReview,
  resourceExamples,
  resourceTargets,
  soundResources,
} from '../../src/sdk/required-resources.ts'
import { isPositive } from '../../src/sdk/resource-values.ts'

export default definePolicy({
  id: 'compute-requests-required',
  summary: 'Every container requests cpu and memory.',
  signatures: ['pending-pods', 'eviction'],
  since: '0.1.0',
  on: resourceTargets,
  reads: ['LimitRange'],
  ownedPods: true,
  ratchet: 'place',
  sources: [
    'https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/',
    'kubernetes/pkg/kubelet/eviction/helpers.go rankMemoryPressure',
    'kubernetes/pkg/kubelet/qos/policy.go',
    'kubernetes/plugin/pkg/admission/limitranger/admission.go',
  ],
  reasons: {
    missing: {
      baseline: 'deny',
      why: 'The scheduler counts a missing request as 0 and over-packs the node; under pressure the kubelet evicts pods that exceed their requests first, and the first byte exceeds 0.',
      snippet: soundResources,
    },
    zero: {
      baseline: 'deny',
      why: 'A request of 0 reserves nothing: it is none for the QoS class and 0 for the scheduler, although a ResourceQuota takes it.',
      snippet: soundResources,
    },
    'limits-only': {
      baseline: 'audit',
      why: 'The API server fills the request from the limit: the pod reserves the most it may ever use, and nodes look full while they idle.',
    },
  },
  params: {
    ...resourceParams,
    required: {
      type: 'array',
      items: { type: 'string', enum: ['cpu', 'memory', 'ephemeral-storage'] },
      default: ['cpu', 'memory'],
      description: 'The resources that every container must request.',
    },
    includeInit: {
      type: 'boolean',
      default: true,
      description: 'Init containers that end before the others start need requests too.',
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
        alongside: ['compute-cpu-limit', 'compute-memory-limit-required'],
      },
      {
        name: 'requests and limits',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 128Mi } } }] } } } }`,
      },
      {
        name: 'a LimitRange gives both, through its max alone',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web }] } } } }`,
        inventory: `{ kind: LimitRange, spec: { limits: [{ type: Container, max: { cpu: "1", memory: 1Gi } }] } }`,
      },
      {
        name: 'the pod requests as a whole',
        object: `{ kind: Deployment, spec: { template: { spec: { resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 128Mi } }, containers: [{ name: web }, { name: log }] } } } }`,
      },
      {
        name: 'the pod has limits as a whole, which become its requests',
        object: `{ kind: Pod, spec: { resources: { limits: { cpu: 500m, memory: 128Mi } }, containers: [{ name: web }] } }`,
      },
      {
        name: 'ephemeral containers cannot have requests',
        object: `{ kind: Pod, spec: { containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 128Mi } } }], ephemeralContainers: [{ name: shell }] } }`,
      },
      {
        name: 'a LimitRange outside of the files is said to be there',
        object: `{ kind: Deployment, spec: { template: { spec: { initContainers: [{ name: migrate }], containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 128Mi } } }] } } } }`,
        params: { assumeLimitRange: 'namespace-list', limitRangeNamespaces: ['default'] },
        frontEnd: 'check',
      },
      {
        name: 'init containers need none, where the platform says so',
        object: `{ kind: Deployment, spec: { template: { spec: { initContainers: [{ name: migrate }], containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 128Mi } } }] } } } }`,
        params: { includeInit: false },
      },
    ],
    fails: [
      resourceExamples.unreadableDefaults,
      {
        name: 'a Pod of a controller is warned of, the template is where it is mended',
        object: resourceExamples.owned,
        alongside: ['compute-cpu-limit', 'compute-memory-limit-required'],
        finds: [
          'missing /spec/containers/0/resources/requests/cpu',
          'missing /spec/containers/0/resources/requests/memory',
        ],
      },
      {
        name: 'nothing is said at all',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web, resources: null }] } } } }`,
        alongside: ['compute-cpu-limit', 'compute-memory-limit-required'],
        finds: [
          'missing /spec/template/spec/containers/0/resources/requests/cpu',
          'missing /spec/template/spec/containers/0/resources/requests/memory',
        ],
      },
      {
        name: 'an init container without requests',
        object: `{ kind: CronJob, spec: { jobTemplate: { spec: { template: { spec: { initContainers: [{ name: migrate, resources: { requests: { memory: 64Mi } } }], containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 128Mi } } }] } } } } } }`,
        finds: ['missing /spec/jobTemplate/spec/template/spec/initContainers/0/resources/requests/cpu'],
      },
      {
        name: 'a sidecar without requests, in files without a LimitRange',
        object: `{ kind: Deployment, spec: { template: { spec: { initContainers: [{ name: proxy, restartPolicy: Always }], containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 128Mi } } }] } } } }`,
        alongside: ['compute-cpu-limit', 'compute-memory-limit-required'],
        frontEnd: 'check',
        finds: [
          'missing /spec/template/spec/initContainers/0/resources/requests/cpu',
          'missing /spec/template/spec/initContainers/0/resources/requests/memory',
        ],
      },
      {
        name: 'a cpu request of 0',
        object: `{ kind: Pod, spec: { containers: [{ name: web, resources: { requests: { cpu: "0", memory: 128Mi }, limits: { cpu: 500m, memory: 128Mi } } }] } }`,
        finds: ['zero /spec/containers/0/resources/requests/cpu'],
      },
      {
        name: 'the pod as a whole requests cpu only',
        object: `{ kind: Deployment, spec: { template: { spec: { resources: { requests: { cpu: 100m }, limits: { cpu: 500m } }, containers: [{ name: web }] } } } }`,
        alongside: ['compute-memory-limit-required'],
        finds: ['missing /spec/template/spec/containers/0/resources/requests/memory'],
      },
      {
        name: 'limits only: the requests follow from them',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web, resources: { limits: { cpu: "1", memory: 1Gi } } }] } } } }`,
        finds: [
          'limits-only /spec/template/spec/containers/0/resources/requests/cpu',
          'limits-only /spec/template/spec/containers/0/resources/requests/memory',
        ],
      },
      {
        name: 'a variable may be anything',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web, resources: { requests: { cpu: "\${CPU}", memory: "\${MEMORY}Mi" }, limits: { cpu: 500m, memory: 1Gi } } }] } } } }`,
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
      {
        name: 'LimitRanges are not known yet',
        object: `{ kind: Deployment, spec: { template: { spec: { initContainers: [{ name: migrate, resources: { requests: { memory: 64Mi } } }], containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 128Mi } } }] } } } }`,
        unknown: ['LimitRange'],
        finds: ['missing /spec/template/spec/initContainers/0/resources/requests/cpu'],
      },
      {
        name: 'a graphics card and the overhead of a sandbox stand in for nothing',
        object: `{ kind: Deployment, spec: { template: { spec: { overhead: { cpu: 250m }, containers: [{ name: web, resources: { requests: { memory: 128Mi }, limits: { memory: 128Mi, nvidia.com/gpu: "1" } } }] } } } }`,
        alongside: ['compute-cpu-limit'],
        finds: ['missing /spec/template/spec/containers/0/resources/requests/cpu'],
      },
      {
        name: 'a platform without resources of whole pods',
        object: `{ kind: Deployment, spec: { template: { spec: { resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 128Mi } }, containers: [{ name: web }] } } } }`,
        params: { podLevelResources: false },
        finds: [
          'missing /spec/template/spec/containers/0/resources/requests/cpu',
          'missing /spec/template/spec/containers/0/resources/requests/memory',
        ],
      },
      {
        name: 'a platform that wants ephemeral storage requested',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 128Mi } } }] } } } }`,
        params: { required: ['cpu', 'memory', 'ephemeral-storage'] },
        finds: ['missing /spec/template/spec/containers/0/resources/requests/ephemeral-storage'],
      },
      {
        name: 'a resize takes a request away from a Pod',
        object: `{ kind: Pod, spec: { containers: [{ name: web, resources: { requests: { cpu: 0, memory: 128Mi }, limits: { cpu: 500m, memory: 128Mi } } }] } }`,
        oldObject: `{ kind: Pod, spec: { containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 128Mi } } }] } }`,
        subresource: 'resize',
        finds: ['zero /spec/containers/0/resources/requests/cpu'],
      },
    ],
  },
  *check(input) {
    const reviewed = resourcesUnderReview(input)
    if (!reviewed) return
    for (const resource of input.params.required) {
      for (const required of requiredValues(reviewed, 'requests', resource, input.params)) {
        if ('unresolved' in required) {
          yield required
          continue
        }
        const { container, value, path } = required
        const fix = `set requests.${resource} of ${container.name}, such as ${amounts[resource]}${reviewed.orLimitRange}`
        if (!value) {
          yield { reason: 'missing', path, message: `container ${container.name} has no ${resource} request`, fix }
        } else if (!isPositive(value)) {
          yield {
            reason: 'zero',
            path,
            message: `container ${container.name} requests ${resource} 0, which is none`,
            fix,
          }
        } else if (value.origin === 'limit') {
          const message = `container ${container.name} has no ${resource} request, so its limit becomes the request`
          yield {
            reason: 'limits-only',
            path,
            message,
            fix: `set requests.${resource} to what it needs, if that is less`,
          }
        }
      }
    }
  },
})

const amounts = { cpu: '100m', memory: '128Mi', 'ephemeral-storage': '100Mi' }
