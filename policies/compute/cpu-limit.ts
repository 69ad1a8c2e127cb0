import { demandsCpuLimit } from '../../src/sdk/cpu-limit-demand.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import { pointer } from '../../src/sdk/pointer.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { compareQuantities, formatQuantity } from '../../src/sdk/quantities.ts'
import {
  requiredValues,
  resourceParams,
  resourcesUnderReview,
  resourceExamples,
  resourceTargets,
  soundResources,
  type ResourcesUnderReview,
} from '../../src/sdk/required-resources.ts'
import { isPositive, valueOf } from '../../src/sdk/resource-values.ts'

export default definePolicy({
  id: 'compute-cpu-limit',
  summary: 'Containers have a cpu limit, or none where the platform lets cpu burst.',
  signatures: ['pending-pods'],
  since: '0.1.0',
  on: resourceTargets,
  reads: ['LimitRange', 'ResourceQuota'],
  ownedPods: true,
  sources: [
    'https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/',
    'https://docs.kernel.org/scheduler/sched-bwc.html',
  ],
  reasons: {
    missing: {
      baseline: 'warn',
      strict: 'deny',
      why: 'A container without a limit takes every idle cycle of its node, so neighbours have only what their requests guard.',
      snippet: soundResources,
    },
    present: {
      baseline: 'warn',
      why: 'A cpu limit throttles the container in every period of 100 ms, even on an idle node: latency rises while cpu lies unused.',
    },
  },
  params: {
    ...resourceParams,
    mode: {
      type: 'string',
      enum: ['require', 'ignore', 'forbid'],
      default: 'require',
      description: 'Every container has a cpu limit, may have one, or has none unless it equals the request.',
    },
    includeInit: {
      type: 'boolean',
      default: false,
      description: 'Init containers that end before the others start need a limit too.',
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
        alongside: ['compute-memory-limit-required', 'compute-requests-required'],
      },
      {
        name: 'a cpu limit',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 128Mi } } }] } } } }`,
      },
      {
        name: 'the pod has one as a whole',
        object: `{ kind: Deployment, spec: { template: { spec: { resources: { limits: { cpu: "1" } }, containers: [{ name: web, resources: { requests: { memory: 128Mi }, limits: { memory: 128Mi } } }] } } } }`,
      },
      {
        name: 'cpu limits forbidden, and none is set',
        object: `{ kind: Deployment, spec: { template: { spec: { resources: { limits: { memory: 256Mi } }, containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128Mi } } }] } } } }`,
        params: { mode: 'forbid' },
      },
      {
        name: 'cpu limits forbidden, but this pod pins its cores',
        object: `{ kind: Pod, spec: { containers: [{ name: web, resources: { requests: { cpu: "2", memory: 1Gi }, limits: { cpu: 2000m, memory: 1Gi } } }] } }`,
        params: { mode: 'forbid' },
      },
      {
        name: 'cpu limits forbidden, but a quota demands them',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 128Mi } } }] } } } }`,
        inventory: `{ kind: ResourceQuota, spec: { hard: { limits.cpu: "20" } } }`,
        params: { mode: 'forbid' },
      },
      {
        name: 'cpu limits ignored',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { memory: 128Mi } } }] } } } }`,
        params: { mode: 'ignore' },
      },
    ],
    fails: [
      resourceExamples.unreadableDefaults,
      {
        name: 'a Pod of a controller is warned of, the template is where it is mended',
        object: resourceExamples.owned,
        alongside: ['compute-memory-limit-required', 'compute-requests-required'],
        finds: ['missing /spec/containers/0/resources/limits/cpu'],
      },
      {
        name: 'no cpu limit',
        object: `{ kind: DaemonSet, spec: { template: { spec: { containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { memory: 128Mi } } }] } } } }`,
        finds: ['missing /spec/template/spec/containers/0/resources/limits/cpu'],
      },
      {
        name: 'a limit of 0 is none',
        object: `{ kind: Pod, spec: { containers: [{ name: web, resources: { requests: { cpu: 0, memory: 128Mi }, limits: { cpu: 0, memory: 128Mi } } }] } }`,
        alongside: ['compute-requests-required'],
        finds: ['missing /spec/containers/0/resources/limits/cpu'],
      },
      {
        name: 'a sidecar without a limit, and an init container where the platform wants one',
        object: `{ kind: Deployment, spec: { template: { spec: { initContainers: [{ name: migrate, resources: { requests: { cpu: 100m, memory: 128Mi } } }, { name: proxy, restartPolicy: Always, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { memory: 128Mi } } }], containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 128Mi } } }] } } } }`,
        params: { includeInit: true },
        finds: [
          'missing /spec/template/spec/initContainers/0/resources/limits/cpu',
          'missing /spec/template/spec/initContainers/1/resources/limits/cpu',
        ],
      },
      {
        name: 'cpu limits forbidden, and the pod has one as a whole',
        object: `{ kind: Deployment, spec: { template: { spec: { resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 128Mi } }, containers: [{ name: web }] } } } }`,
        params: { mode: 'forbid' },
        finds: ['present /spec/template/spec/resources/limits/cpu'],
      },
      {
        name: 'cpu limits forbidden, and one is set',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 128Mi } } }] } } } }`,
        params: { mode: 'forbid' },
        finds: ['present /spec/template/spec/containers/0/resources/limits/cpu'],
      },
      {
        name: 'cpu limits forbidden, and one is set to what a variable says',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: "\${CPU}", memory: 128Mi } } }] } } } }`,
        params: { mode: 'forbid' },
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
      {
        name: 'cpu limits forbidden, and the quotas are not known',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web, resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 128Mi } } }] } } } }`,
        unknown: ['ResourceQuota'],
        params: { mode: 'forbid' },
        finds: ['unresolved ResourceQuota'],
      },
    ],
  },
  *check(input) {
    const { params, inventory, namespace } = input
    const reviewed = params.mode === 'ignore' ? undefined : resourcesUnderReview(input)
    if (!reviewed) return
    if (params.mode === 'forbid') {
      const present = [...cpuLimits(reviewed)]
      const demanded = present.length > 0 && demandsCpuLimit(inventory, namespace)
      if (demanded === true) return
      if (demanded) yield demanded
      else yield* present
      return
    }
    for (const required of requiredValues(reviewed, 'limits', 'cpu', params)) {
      if ('unresolved' in required) {
        yield required
        continue
      }
      const { container, value, path } = required
      if (isPositive(value)) continue
      const message = `container ${container.name} has ${value ? 'a cpu limit of 0, which is none' : 'no cpu limit'}`
      const fix = `set limits.cpu of ${container.name}, such as 500m${reviewed.orLimitRange}; if cpu may burst, ask the platform team for mode: ignore in its settings`
      yield { reason: 'missing', path, message, fix }
    }
  },
})

/** The cpu limits that their author set, or may have set. One that equals the request asks for whole cores of its own (Guaranteed). */
function* cpuLimits({ resources, path }: ResourcesUnderReview) {
  const pod = { ...resources.pod, path, name: 'the pod' }
  for (const { requests, limits, path, name } of [pod, ...resources.containers]) {
    const limit = valueOf(limits, 'cpu')
    const request = valueOf(requests, 'cpu')?.quantity
    if (limit?.origin !== 'explicit') continue
    if (limit.quantity === unknown || request === unknown) {
      yield unresolved('value')
      continue
    }
    if (!isPositive(limit) || (request && compareQuantities(request, limit.quantity) === 0)) continue
    yield {
      reason: 'present' as const,
      path: path + pointer('resources', 'limits', 'cpu'),
      message: `${name === pod.name ? name : `container ${name}`} has a cpu limit of ${formatQuantity(limit.quantity)}`,
      fix: 'remove limits.cpu and keep requests.cpu, or set both to the same amount',
    }
  }
}
