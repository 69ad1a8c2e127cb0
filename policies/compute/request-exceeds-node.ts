import { podRequest, type EffectiveResources } from '../../src/sdk/effective-resources.ts'
import { mayGrow, nodesOfPod, type PodNodes } from '../../src/sdk/eligible-nodes.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import { podKinds } from '../../src/sdk/kinds.ts'
import { brief } from '../../src/sdk/names.ts'
import { largestAllocatable, medianAllocatable } from '../../src/sdk/node-capacity.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { pointer } from '../../src/sdk/pointer.ts'
import { definePolicy, unresolved, type Missing } from '../../src/sdk/policy.ts'
import { compareQuantities, formatQuantity, fractionOf, zeroQuantity, type Quantity } from '../../src/sdk/quantities.ts'
import { resourceParams, resourcesUnderReview } from '../../src/sdk/required-resources.ts'
import { valueOf } from '../../src/sdk/resource-values.ts'
import { memberOf, recordOf } from '../../src/sdk/shape.ts'

const why =
  'The scheduler looks for one node with all of it and never adds up what is free on several: the pod stays Pending however idle the cluster is.'
const snippet = `resources:
  requests: { cpu: 500m, memory: 512Mi } # no more than the largest node allocates
  limits: { cpu: "1", memory: 512Mi }`

const node = (name: string, cpu = '4', memory = '16Gi', more = '') =>
  `{ kind: Node, metadata: { name: ${name}, labels: { kubernetes.io/hostname: ${name}${more} } }, status: { allocatable: { cpu: "${cpu}", memory: ${memory}, ephemeral-storage: 100Gi } } }`
const deployment = (cpu: string, memory: string, more = '', containerMore = '') =>
  `{ kind: Deployment, metadata: { name: web }, spec: { replicas: 2, selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { ${more} containers: [{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: "${cpu}", memory: ${memory}${containerMore} }, limits: { cpu: "${cpu}", memory: ${memory}${containerMore} } } }] } } } }`
const requests = '/spec/template/spec/containers/0/resources/requests'
const poolLabel = ', karpenter.sh/nodepool: default'

export default definePolicy({
  id: 'compute-request-exceeds-node',
  summary: 'A pod requests no more than one of its nodes has, and leaves room for a second.',
  signatures: ['pending-pods'],
  since: '0.1.0',
  sources: [
    'kubernetes/pkg/scheduler/framework/plugins/noderesources/fit.go (shouldDelegateResourceToDRA)',
    'component-helpers/resource/helpers.go PodRequests',
    'https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/#extended-resource',
  ],
  on: podKinds,
  reads: ['Node', 'LimitRange'],
  reasons: {
    exceeds: { baseline: 'warn', strict: 'deny', why, snippet },
    'exceeds-autoscaled': { baseline: 'warn', why, snippet },
    impossible: { baseline: 'deny', why, snippet },
    'device-absent': {
      baseline: 'audit',
      why: 'No node counts such a device, so the pod stays Pending until its driver runs there, or a DeviceClass serves the name (dynamic resource allocation).',
    },
    fragmenting: {
      baseline: 'audit',
      why: 'Only one such pod fits on a node, and what is left there is of use to small pods alone: the cluster is full on paper and idle in truth.',
    },
  },
  params: {
    ...resourceParams,
    autoscaling: {
      type: 'boolean',
      default: false,
      description: 'Nodes are added on demand, also where their labels do not show it.',
    },
    denyImpossible: {
      type: 'boolean',
      default: false,
      description: 'Refuse what no node can hold, where no new node may come.',
    },
    fragmentRatio: {
      type: 'number',
      minimum: 0.01,
      maximum: 1,
      default: 0.5,
      description: 'Share of the median node above which a request counts as fragmenting.',
    },
  },
  examples: {
    passes: [
      { name: 'two of them fit on a node', object: deployment('2', '8Gi'), inventory: node('n1') },
      {
        name: 'a cordoned node comes back, and a tainted one is there',
        object: deployment('6', '4Gi'),
        inventory: `${node('n1', '16', '64Gi')}\n---\n{ kind: Node, metadata: { name: n2 }, spec: { unschedulable: true }, status: { allocatable: { cpu: "16", memory: 64Gi } } }`,
      },
      {
        name: 'a sum of containers that fits, and an init container that is gone by then',
        object: `{ kind: Pod, spec: { initContainers: [{ name: migrate, resources: { requests: { cpu: "2", memory: 1Gi }, limits: { cpu: "2", memory: 1Gi } } }], containers: [{ name: web, resources: { requests: { cpu: "1", memory: 1Gi }, limits: { cpu: "1", memory: 1Gi } } }, { name: log, resources: { requests: { cpu: "1", memory: 1Gi }, limits: { cpu: "1", memory: 1Gi } } }] } }`,
        inventory: node('n1'),
      },
      {
        name: 'a device by the name of its DeviceClass',
        object: deployment('1', '1Gi', '', ', deviceclass.resource.kubernetes.io/gpu: 1'),
        inventory: node('n1'),
      },
      {
        name: 'a DaemonSet has one pod on each node anyway',
        object: `{ kind: DaemonSet, spec: { template: { spec: { containers: [{ name: agent, resources: { requests: { cpu: "3", memory: 1Gi }, limits: { cpu: "3", memory: 1Gi } } }] } } } }`,
        inventory: node('n1'),
      },
    ],
    fails: [
      {
        name: 'more cpu than the largest node has',
        object: deployment('6', '4Gi'),
        inventory: `${node('n1')}\n---\n${node('n2', '2')}`,
        finds: [`exceeds ${requests}/cpu`],
      },
      {
        name: 'more memory than a node allocates, which is less than it has',
        object: deployment('1', '16Gi'),
        inventory: node('n1', '4', '15Gi'),
        finds: [`exceeds ${requests}/memory`],
      },
      {
        name: 'only the nodes that the pod asks for count',
        object: deployment('6', '4Gi', 'nodeSelector: { disk: ssd },'),
        inventory: `${node('n1', '4', '16Gi', ', disk: ssd')}\n---\n${node('n2', '16', '64Gi')}`,
        finds: [`exceeds ${requests}/cpu`],
      },
      {
        name: 'the containers together',
        object: `{ kind: Pod, spec: { containers: [{ name: web, resources: { requests: { cpu: "2", memory: 1Gi }, limits: { cpu: "2", memory: 1Gi } } }, { name: cache, resources: { requests: { cpu: "3", memory: 1Gi }, limits: { cpu: "3", memory: 1Gi } } }] } }`,
        inventory: node('n1'),
        finds: ['exceeds /spec/containers/1/resources/requests/cpu'],
      },
      {
        name: 'the pod as a whole',
        object: `{ kind: Pod, spec: { resources: { requests: { cpu: "5", memory: 1Gi }, limits: { cpu: "5", memory: 1Gi } }, containers: [{ name: web }] } }`,
        inventory: node('n1'),
        finds: ['exceeds /spec/resources/requests/cpu'],
      },
      {
        name: 'a device that no node has, and a DeviceClass may serve',
        object: deployment('1', '1Gi', '', ', nvidia.com/gpu: 1'),
        inventory: node('n1'),
        finds: [`device-absent ${requests}/nvidia.com~1gpu`],
      },
      {
        name: 'more devices than a node has',
        object: deployment('1', '1Gi', '', ', nvidia.com/gpu: 2'),
        inventory: node('n1', '4', '16Gi, nvidia.com/gpu: 1'),
        finds: [`exceeds ${requests}/nvidia.com~1gpu`],
      },
      {
        name: 'huge pages that no node has',
        object: deployment('1', '1Gi', '', ', hugepages-2Mi: 64Mi'),
        inventory: node('n1'),
        finds: [`exceeds ${requests}/hugepages-2Mi`],
      },
      {
        name: 'a limit becomes the request',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [{ name: web, resources: { limits: { cpu: "6", memory: 1Gi } } }] } } } }`,
        inventory: node('n1'),
        finds: ['exceeds /spec/template/spec/containers/0/resources/requests/cpu'],
      },
      {
        name: 'a larger node may come',
        object: deployment('6', '4Gi'),
        inventory: node('n1', '4', '16Gi', poolLabel),
        finds: [`exceeds-autoscaled ${requests}/cpu`],
      },
      {
        name: 'no larger node may come, and the settings refuse what none can hold',
        object: deployment('6', '4Gi'),
        inventory: node('n1'),
        params: { denyImpossible: true },
        finds: [`impossible ${requests}/cpu`],
      },
      {
        name: 'one fits on a node, a second does not',
        object: deployment('3', '4Gi'),
        inventory: node('n1'),
        finds: [`fragmenting ${requests}/cpu`],
      },
      {
        name: 'a third of a node, where the settings ask for quarters',
        object: deployment('1500m', '1Gi'),
        inventory: node('n1'),
        params: { fragmentRatio: 0.25 },
        finds: [`fragmenting ${requests}/cpu`],
      },
      {
        name: 'nobody knows the nodes',
        object: deployment('6', '4Gi'),
        finds: ['unresolved Node'],
      },
      {
        name: 'a request that is filled in later',
        object: deployment('${CPU}', '4Gi'),
        inventory: node('n1'),
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
    ],
  },
  *check(input) {
    const { kind, object, name, params, inventory } = input
    const reviewed = resourcesUnderReview(input)
    if (!reviewed) return
    const nodes = nodesOfPod(podSpecOf(kind, object)?.spec, inventory)
    if ('unresolved' in nodes) return yield nodes
    // No node at all for such pods is another fault than too small ones.
    if (nodes.matching.length === 0) return
    const unsure = new Set<Missing>()
    for (const resource of resourcesAsked(reviewed.resources)) {
      const request = podRequest(reviewed.resources, resource)
      if (request === undefined) continue
      // Served by a DeviceClass, whatever the nodes count.
      if (resource.startsWith('deviceclass.resource.kubernetes.io/')) continue
      const largest = largestFor(nodes, resource)
      if (request === unknown || largest === undefined) {
        unsure.add(request === unknown ? 'value' : 'Node')
        continue
      }
      const grows = mayGrow(nodes, params.autoscaling)
      const place = () => placeOf(reviewed.resources, reviewed.path, resource)
      const asks = () => `${brief(name, 24) || kind} requests ${formatQuantity(request)} ${brief(resource, 32)}`
      if (compareQuantities(request, largest) > 0) {
        // Where no node counts a device, the scheduler looks for a DeviceClass of that name.
        if (largest.nano === 0n && resource.includes('/')) {
          const message = `${asks()} per pod; no node for it allocates any`
          yield {
            reason: 'device-absent',
            path: place(),
            message,
            fix: 'run its device plugin, or add nodes that have it',
          }
          continue
        }
        yield {
          reason: grows ? 'exceeds-autoscaled' : params.denyImpossible ? 'impossible' : 'exceeds',
          path: place(),
          message: `${asks()} per pod; the largest node for it allocates ${formatQuantity(largest)}`,
          fix: largest.nano > 0n ? `request at most ${formatQuantity(largest)}, or add larger nodes` : none,
        }
        continue
      }
      const median = kind === 'DaemonSet' ? undefined : medianAllocatable(nodes.eligible, resource)
      if (!median || !isShared(resource)) continue
      if (compareQuantities(request, fractionOf(median, params.fragmentRatio)) > 0) {
        const message = `${asks()} per pod of ${formatQuantity(median)} on the median node: one fits`
        yield { reason: 'fragmenting', path: place(), message, fix: 'run more and smaller replicas, or larger nodes' }
      }
    }
    for (const missing of unsure) yield unresolved(missing)
  },
})

const none = 'leave it out, or add nodes that have it'

/** What every node has and several pods share; of devices and huge pages a node is bought for its pods. */
function isShared(resource: string): boolean {
  return resource === 'cpu' || resource === 'memory'
}

// More than anyone requests; each is looked for in every container.
const maxResources = 16

/** The resources that the pod asks for in any of its parts. */
function resourcesAsked({ containers }: EffectiveResources): ReadonlySet<string> {
  const found = new Set(['cpu', 'memory', 'ephemeral-storage'])
  for (const { container } of containers)
    for (const list of ['requests', 'limits'])
      for (const resource of Object.keys(recordOf(memberOf(container.resources, list)) ?? {}))
        if (found.size < maxResources) found.add(resource)
  return found
}

/** The most that a node for these pods allocates; none of a device that no node tells of. */
function largestFor({ matching }: PodNodes, resource: string): Quantity | undefined {
  const largest = largestAllocatable(matching, resource)
  if (largest || resource === 'cpu' || resource === 'memory') return largest
  return largestAllocatable(matching, 'cpu') ? zeroQuantity : undefined
}

/** Where the most of it is asked for: by the pod as a whole, or by the container that asks for most. */
function placeOf({ containers, pod }: EffectiveResources, path: string, resource: string): string {
  const place = pointer('resources', 'requests', resource)
  const ofPod = valueOf(pod.requests, resource)
  if (ofPod && ofPod.origin !== 'containers') return path + place
  let most: { readonly path: string; readonly quantity: Quantity } | undefined
  for (const { requests, path } of containers) {
    const quantity = valueOf(requests, resource)?.quantity
    if (quantity === undefined || quantity === unknown) continue
    if (!most || compareQuantities(quantity, most.quantity) > 0) most = { path, quantity }
  }
  return (most?.path ?? path) + place
}
