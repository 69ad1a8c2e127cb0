import { unknown } from '../../src/sdk/inventory.ts'
import { podKinds } from '../../src/sdk/kinds.ts'
import { overcommitments } from '../../src/sdk/overcommitment.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { formatQuantity } from '../../src/sdk/quantities.ts'
import { slippedPaths } from '../../src/sdk/quantity-slips.ts'
import { asSeen, resourcesUnderReview, soundResources } from '../../src/sdk/required-resources.ts'

const deployment = (resources: string, pod = '') =>
  `{ kind: Deployment, spec: { template: { spec: { ${pod} containers: [{ name: web, resources: ${resources} }] } } } }`
const resources = (request: string, limit: string, cpu = '500m') =>
  `{ requests: { cpu: 100m, memory: ${request} }, limits: { cpu: ${cpu}, memory: ${limit} } }`
const sound = resources('128Mi', '128Mi')

export default definePolicy({
  id: 'compute-overcommit-ratio',
  summary: 'Containers may use only a few times what they request.',
  signatures: ['eviction', 'crash-loop'],
  since: '0.1.0',
  on: podKinds,
  reads: ['LimitRange'],
  sources: [
    'https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/',
    'kubernetes/pkg/kubelet/eviction/helpers.go rankMemoryPressure',
    'kubernetes/pkg/kubelet/qos/policy.go',
  ],
  reasons: {
    memory: {
      baseline: 'warn',
      why: 'The scheduler packs by request and the kernel kills by usage: when several pods of a node use what they may at once, it is more than the node has.',
      snippet: soundResources,
    },
    cpu: {
      baseline: 'warn',
      why: 'The scheduler packs by request: when several pods of a node burst at once, each is held down to its request and slows by as many times.',
      snippet: soundResources,
    },
  },
  params: {
    maxMemoryRatio: {
      type: 'number',
      minimum: 0,
      default: 4,
      description: 'How many times its memory request a container may use; 0 is any number of times.',
    },
    maxCpuRatio: {
      type: 'number',
      minimum: 0,
      default: 0,
      description: 'How many times its cpu request a container may use; 0 is any number of times.',
    },
  },
  examples: {
    passes: [
      { name: 'four times the memory', object: deployment(resources('128Mi', '512Mi')) },
      { name: 'cpu may burst', object: deployment(resources('128Mi', '128Mi', '"8"')) },
      {
        name: 'the request is defaulted from the limit',
        object: deployment('{ limits: { cpu: 500m, memory: 1Gi } }'),
      },
      {
        name: 'the pod as a whole has both, and bounds its containers',
        object: deployment(
          resources('64Mi', '512Mi'),
          'resources: { requests: { cpu: 200m, memory: 256Mi }, limits: { cpu: "1", memory: 512Mi } },',
        ),
      },
      {
        name: 'request and limit both come from a LimitRange, which is for its author to choose',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web }] } } } }`,
        inventory: `{ kind: LimitRange, spec: { limits: [{ type: Container, default: { cpu: 500m, memory: 1Gi }, defaultRequest: { cpu: 100m, memory: 128Mi } }] } }`,
      },
      {
        name: 'more is allowed by the settings',
        object: deployment(resources('128Mi', '1Gi')),
        params: { maxMemoryRatio: 8 },
      },
      {
        name: 'a request that means something else is told by compute-quantity-suspicious',
        object: deployment(resources('128m', '256Mi')),
        alongside: ['compute-quantity-suspicious'],
      },
      {
        name: 'so is a limit that no machine has',
        object: deployment(resources('128Mi', '2P', '500M')),
        params: { maxCpuRatio: 10 },
        alongside: ['compute-quantity-suspicious'],
      },
      {
        name: 'any number of times is allowed by the settings',
        object: deployment(resources('128Mi', '64Gi')),
        params: { maxMemoryRatio: 0 },
      },
    ],
    fails: [
      {
        name: 'a limit so large that it may be meant, of memory and of cpu',
        object: deployment('{ requests: { cpu: 2, memory: 16Gi }, limits: { cpu: 128, memory: 1Ti } }'),
        params: { maxCpuRatio: 10 },
        alongside: ['compute-quantity-suspicious'],
        finds: [
          'cpu /spec/template/spec/containers/0/resources/limits/cpu',
          'memory /spec/template/spec/containers/0/resources/limits/memory',
        ],
      },
      {
        name: 'eight times the memory, and a bit that is no whole byte',
        object: deployment(resources('128Mi', '1.1Gi')),
        finds: ['memory /spec/template/spec/containers/0/resources/limits/memory'],
      },
      {
        name: 'a LimitRange gives the limit beside a slip elsewhere',
        object: deployment('{ requests: { cpu: "500", memory: 64Mi }, limits: { cpu: "500" } }'),
        inventory: `{ kind: LimitRange, spec: { limits: [{ type: Container, default: { memory: 1Gi } }] } }`,
        alongside: ['compute-quantity-suspicious'],
        finds: ['memory /spec/template/spec/containers/0/resources/limits/memory'],
      },
      {
        name: 'eight times the memory',
        object: deployment(resources('128Mi', '1Gi')),
        finds: ['memory /spec/template/spec/containers/0/resources/limits/memory'],
      },
      {
        name: 'a sidecar and an init container too',
        object: `{ kind: Pod, spec: { initContainers: [{ name: migrate, resources: ${resources('64Mi', '1Gi')} }, { name: proxy, restartPolicy: Always, resources: ${resources('32Mi', '256Mi')} }], containers: [{ name: web, resources: ${sound} }] } }`,
        finds: [
          'memory /spec/initContainers/0/resources/limits/memory',
          'memory /spec/initContainers/1/resources/limits/memory',
        ],
      },
      {
        name: 'a LimitRange gives the limit to a small request',
        object: deployment('{ requests: { cpu: 100m, memory: 64Mi }, limits: { cpu: 500m } }'),
        inventory: `{ kind: LimitRange, spec: { limits: [{ type: Container, default: { memory: 1Gi } }] } }`,
        finds: ['memory /spec/template/spec/containers/0/resources/limits/memory'],
      },
      {
        name: 'the pod as a whole',
        object: deployment(
          '{}',
          'resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 2Gi } },',
        ),
        finds: ['memory /spec/template/spec/resources/limits/memory'],
      },
      {
        name: 'cpu, where the settings bound it',
        object: deployment(resources('128Mi', '128Mi', '"2"')),
        params: { maxCpuRatio: 10 },
        finds: ['cpu /spec/template/spec/containers/0/resources/limits/cpu'],
      },
      {
        name: 'what a variable holds is not known',
        object: deployment(resources('"${MEMORY}"', '1Gi')),
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
    ],
  },
  *check(input) {
    const reviewed = resourcesUnderReview({ ...input, params: asSeen })
    if (!reviewed) return
    let slipped: ReadonlySet<string> | undefined
    const bounds = { memory: input.params.maxMemoryRatio, cpu: input.params.maxCpuRatio }
    for (const resource of ['memory', 'cpu'] as const) {
      if (bounds[resource] <= 0) continue
      for (const found of overcommitments(reviewed, resource, bounds[resource])) {
        if (found === unknown) {
          yield unresolved('value')
          continue
        }
        const { holder, path, requestPath, request, limit, ratio, enough } = found
        slipped ??= slippedPaths(input.kind, input.object)
        if (slipped.has(path) || slipped.has(requestPath)) continue
        const seen = `${holder} may use ${formatQuantity(limit)} of ${resource} and requests ${formatQuantity(request)}`
        yield {
          reason: resource,
          path,
          message: `${seen}: ${ratio} times as much, where ${bounds[resource]} are allowed`,
          fix: `set requests.${resource} to ${formatQuantity(enough)} or more, or lower limits.${resource}`,
        }
      }
    }
  },
})
