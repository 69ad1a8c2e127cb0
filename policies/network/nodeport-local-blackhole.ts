import { unknown } from '../../src/sdk/inventory.ts'
import { leastReplicas } from '../../src/sdk/least-replicas.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import { serversAmong, type Server } from '../../src/sdk/offered-ports.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { backendKinds, backendsOf, isHeadless, isSelecting } from '../../src/sdk/services.ts'
import { listOf, memberOf, recordOf } from '../../src/sdk/shape.ts'
import { zoneOf } from '../../src/sdk/zones.ts'

const container = `containers: [{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }]`
const workload = (kind: string, spec = '', pod = '') =>
  `{ kind: ${kind}, metadata: { name: web }, spec: { ${spec}selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { ${pod}${container} } } } }`
const service = (fields: string) =>
  `{ kind: Service, metadata: { name: web }, spec: { ${fields}selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] } }`
const node = (name: string, zone: string) =>
  `{ kind: Node, metadata: { name: ${name}, labels: { topology.kubernetes.io/zone: ${zone} } } }`
const zones = ['a', 'b', 'c'].map((zone) => node(`n-${zone}`, zone)).join('\n---\n')
const cluster = (fields: string) => `spec:\n  ${fields}`

export default definePolicy({
  id: 'network-nodeport-local-blackhole',
  summary: 'Nodes without a pod are not sent traffic that they would drop.',
  signatures: ['gateway-timeout'],
  since: '0.1.0',
  sources: [
    'kubernetes/pkg/api/service/util.go',
    'kubernetes/pkg/registry/core/service/storage/alloc.go',
    'https://kubernetes.io/docs/reference/networking/virtual-ips/#traffic-policies',
  ],
  on: ['Service'],
  reads: [...backendKinds, 'HorizontalPodAutoscaler', 'Node'],
  reasons: {
    'no-health-port': {
      baseline: 'warn',
      strict: 'deny',
      why: 'Only a Service of type LoadBalancer gets a health check port, so a balancer in front of the nodes cannot tell which of them hold a pod; the others drop what they are sent: 502 and 504 in their proportion.',
      snippet: cluster('type: NodePort\n  externalTrafficPolicy: Cluster'),
    },
    'internal-local': {
      baseline: 'warn',
      strict: 'deny',
      why: 'Clients reach pods of their own node only: on every node without one, calls inside the cluster fail although the Service has endpoints.',
      snippet: cluster('internalTrafficPolicy: Cluster'),
    },
    'few-endpoints': {
      baseline: 'audit',
      why: 'The balancer takes nodes without a pod out, so traffic of a zone without one leaves the zone or fails, and each pod that moves cuts what is open.',
      snippet: cluster('type: LoadBalancer\n  externalTrafficPolicy: Cluster'),
    },
  },
  examples: {
    passes: [
      { name: 'every node passes traffic on', object: service('type: NodePort, externalTrafficPolicy: Cluster, ') },
      {
        name: 'a load balancer asks the health check port',
        object: service('type: LoadBalancer, externalTrafficPolicy: Local, '),
        inventory: `${workload('Deployment', 'replicas: 3, ')}\n---\n${zones}`,
      },
      {
        name: 'a DaemonSet has a pod on every node',
        object: service('type: NodePort, externalTrafficPolicy: Local, '),
        inventory: workload('DaemonSet'),
      },
      {
        name: 'agents that are asked on their own node',
        object: service('internalTrafficPolicy: Local, '),
        inventory: workload('DaemonSet', '', 'nodeSelector: { kubernetes.io/os: linux }, '),
      },
      {
        name: 'agents on every node that is a machine',
        object: service('internalTrafficPolicy: Local, '),
        inventory: workload(
          'DaemonSet',
          '',
          'affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: eks.amazonaws.com/compute-type, operator: NotIn, values: [fargate] }] }] } } }, ',
        ),
      },
      { name: 'its workload is to come', object: service('internalTrafficPolicy: Local, ') },
      {
        name: 'no proxy stands before a headless Service',
        object: service('clusterIP: None, internalTrafficPolicy: Local, '),
        inventory: workload('Deployment', 'replicas: 2, '),
      },
    ],
    fails: [
      {
        name: 'a NodePort that answers on some nodes only',
        object: service('type: NodePort, externalTrafficPolicy: Local, '),
        inventory: workload('Deployment', 'replicas: 2, '),
        finds: ['no-health-port /spec/externalTrafficPolicy'],
      },
      {
        name: 'a DaemonSet for some of the nodes',
        object: service('type: NodePort, externalTrafficPolicy: Local, '),
        inventory: workload('DaemonSet', '', 'nodeSelector: { pool: edge }, '),
        finds: ['no-health-port /spec/externalTrafficPolicy'],
      },
      {
        name: 'clients in the cluster, and a Deployment',
        object: service('internalTrafficPolicy: Local, '),
        inventory: workload('Deployment', 'replicas: 2, '),
        finds: ['internal-local /spec/internalTrafficPolicy'],
      },
      {
        name: 'two pods for three zones',
        object: service('type: LoadBalancer, externalTrafficPolicy: Local, '),
        inventory: `${workload('Deployment', 'replicas: 2, ')}\n---\n${zones}`,
        finds: ['few-endpoints /spec/externalTrafficPolicy'],
      },
      {
        name: 'nodes that are not known yet',
        object: service('type: LoadBalancer, externalTrafficPolicy: Local, '),
        inventory: workload('Deployment', 'replicas: 2, '),
        unknown: ['Node'],
        finds: ['unresolved Node'],
      },
    ],
  },
  *check({ object, name, namespace, inventory }) {
    const { type, externalTrafficPolicy, internalTrafficPolicy } = object.spec ?? {}
    const isExternal = externalTrafficPolicy === 'Local' && (type === 'NodePort' || type === 'LoadBalancer')
    // Nobody stands between a client and the pods of a headless Service.
    const isInternal = internalTrafficPolicy === 'Local' && type !== 'ExternalName' && !isHeadless(object)
    if (!isExternal && !isInternal) return
    const behind = isSelecting(object) ? backendsOf(object, namespace, inventory) : { found: [], unsure: [] }
    const servers = serversAmong(behind.found)
    const others = servers.filter((server) => !isEverywhere(server))
    const related = servers.map(({ backend }) => ({ kind: backend.kind, namespace, name: nameOf(backend.object) }))
    const title = `Service ${brief(name, 24)}`
    const unsure = new Set<(typeof behind.unsure)[number] | 'Node' | 'HorizontalPodAutoscaler'>()

    if (isExternal && type === 'NodePort' && (servers.length === 0 || others.length > 0)) {
      if (servers.length === 0) for (const kind of behind.unsure) unsure.add(kind)
      if (unsure.size === 0)
        yield {
          reason: 'no-health-port',
          path: '/spec/externalTrafficPolicy',
          message: `NodePort ${title} with externalTrafficPolicy Local has no health check port`,
          fix: 'set externalTrafficPolicy: Cluster, or type: LoadBalancer, or run a DaemonSet on every node',
          related,
        }
    }
    if (isInternal) {
      const [first] = others
      if (servers.length === 0) for (const kind of behind.unsure) unsure.add(kind)
      if (first)
        yield {
          reason: 'internal-local',
          path: '/spec/internalTrafficPolicy',
          message: `${title} with internalTrafficPolicy Local leads to ${describe(first)}, which is not on every node`,
          fix: 'set internalTrafficPolicy: Cluster, or run a DaemonSet on every node',
          related,
        }
    }
    if (isExternal && type === 'LoadBalancer' && servers.length > 0 && others.length === servers.length) {
      const least = servers.map(({ backend }) => leastReplicas(backend, namespace, inventory))
      const nodes = inventory.list('Node')
      if (nodes === unknown || nodes.length === 0) unsure.add('Node')
      else if (behind.unsure.length > 0) for (const kind of behind.unsure) unsure.add(kind)
      else if (least.includes(unknown)) unsure.add('HorizontalPodAutoscaler')
      else {
        const pods = least.reduce((sum: number, count) => sum + (typeof count === 'number' ? count : 0), 0)
        const zones = new Set(nodes.map(zoneOf).filter((zone) => zone !== undefined)).size
        const [wanted, places] = zones > 1 ? [zones, 'zones'] : [nodes.length, 'nodes']
        // A DaemonSet has as many as it wants.
        if (pods < wanted && !least.includes(undefined))
          yield {
            reason: 'few-endpoints',
            path: '/spec/externalTrafficPolicy',
            message: `${title} with externalTrafficPolicy Local has ${pods} pod${pods === 1 ? '' : 's'} for ${wanted} ${places}`,
            fix: `run at least ${wanted} replicas, spread over ${places}, or set externalTrafficPolicy: Cluster`,
            related,
          }
      }
    }
    for (const kind of unsure) yield unresolved(kind)
  },
})

/** A DaemonSet without a choice among the nodes that could run it; taints keep balancers away as they keep pods. */
function isEverywhere({ backend, view: { spec } }: Server): boolean {
  if (backend.kind !== 'DaemonSet') return false
  const affinity = memberOf(memberOf(spec.affinity, 'nodeAffinity'), 'requiredDuringSchedulingIgnoredDuringExecution')
  const terms = listOf(memberOf(affinity, 'nodeSelectorTerms'))
  const chosen = [
    ...Object.keys(recordOf(spec.nodeSelector) ?? {}),
    ...terms.flatMap((term) => listOf(memberOf(term, 'matchExpressions')).map((each) => memberOf(each, 'key'))),
    ...terms.flatMap((term) => listOf(memberOf(term, 'matchFields'))),
  ]
  return chosen.every((key) => natures.has(key))
}

// What a node is, not what it is for: its system, and whether it is a real one (Fargate, virtual kubelets).
const natures: ReadonlySet<unknown> = new Set([
  'eks.amazonaws.com/compute-type',
  'kubernetes.io/arch',
  'kubernetes.io/os',
  'type',
])

function describe({ backend: { kind, object } }: Server): string {
  return `${kind}/${brief(nameOf(object), 24)}`
}
