import { unknown } from '../../src/sdk/inventory.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { autoscalersOf } from '../../src/sdk/relations.ts'
import { knownScaleOf, setsReplicas } from '../../src/sdk/scale.ts'
import { servicesOf } from '../../src/sdk/services.ts'
import { refersTo, withTemplate } from '../../src/sdk/workload-refs.ts'

const web = (replicas: string, kind = 'Deployment') =>
  `{ kind: ${kind}, metadata: { name: web }, spec: { ${replicas}template: { metadata: { labels: { app: web } }, spec: {} } } }`
const service = `{ kind: Service, metadata: { name: web }, spec: { selector: { app: web }, ports: [{ port: 80 }] } }`
const rollout = (replicas: number) =>
  `{ kind: Rollout, metadata: { name: web }, spec: { replicas: ${replicas}, workloadRef: { apiVersion: apps/v1, kind: Deployment, name: web } } }`
const autoscaler = (min: string) =>
  `{ kind: HorizontalPodAutoscaler, metadata: { name: web }, spec: { ${min}maxReplicas: 9, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web } } }`
const together = (...objects: string[]) => objects.join('\n---\n')

export default definePolicy({
  id: 'compute-single-replica',
  summary: 'What serves a Service runs in more than one replica.',
  signatures: ['gateway-timeout'],
  since: '0.1.0',
  sources: ['https://kubernetes.io/docs/concepts/workloads/pods/disruptions/'],
  on: ['Deployment', 'Rollout', 'StatefulSet'],
  reads: ['Service', 'HorizontalPodAutoscaler', 'Deployment', 'ReplicaSet', 'Rollout'],
  reasons: {
    single: {
      baseline: 'audit',
      strict: 'warn',
      why: 'While the one pod is moved by a drain, evicted or restarted, its Service has no endpoint: each of them is an outage.',
      snippet: `spec:
  replicas: 2`,
    },
  },
  examples: {
    passes: [
      { name: 'two replicas', object: web('replicas: 2, '), inventory: service },
      { name: 'no Service sends anything there', object: web('replicas: 1, ') },
      {
        name: 'an autoscaler keeps two',
        object: web('replicas: 1, '),
        inventory: together(service, autoscaler('minReplicas: 2, ')),
      },
      {
        name: 'a Deployment whose template a Rollout takes',
        object: web('replicas: 1, '),
        inventory: together(service, rollout(3)),
      },
      { name: 'scaled to zero', object: web('replicas: 0, '), inventory: service },
    ],
    fails: [
      {
        name: 'a Rollout with the template of a Deployment that it has scaled to zero',
        object: rollout(1),
        inventory: together(service, web('replicas: 0, ')),
        finds: ['single /spec/replicas'],
      },
      {
        name: 'a Rollout of Argo',
        object: web('replicas: 1, ', 'Rollout'),
        inventory: service,
        finds: ['single /spec/replicas'],
      },
      { name: 'one replica', object: web('replicas: 1, '), inventory: service, finds: ['single /spec/replicas'] },
      { name: 'none is said, which is one', object: web(''), inventory: service, finds: ['single /spec/replicas'] },
      {
        name: 'a StatefulSet',
        object: web('replicas: 1, serviceName: web, ', 'StatefulSet'),
        inventory: service,
        finds: ['single /spec/replicas'],
      },
      {
        name: 'an autoscaler may leave one',
        object: web('replicas: 3, '),
        inventory: together(service, autoscaler('')),
        finds: ['single /spec/replicas'],
      },
      {
        name: 'files that leave replicas to an autoscaler elsewhere',
        object: web(''),
        inventory: service,
        frontEnd: 'check',
        finds: ['unresolved HorizontalPodAutoscaler'],
      },
      {
        name: 'Services that are not known yet',
        object: web('replicas: 1, '),
        unknown: ['Service'],
        finds: ['unresolved Service'],
      },
    ],
  },
  *check({ kind, object, name, namespace, inventory }) {
    const services = servicesOf(kind, withTemplate(kind, object, namespace, inventory), namespace, inventory)
    const [service] = services.found
    if (!service) {
      for (const missing of services.unsure) yield unresolved(missing)
      return
    }
    const autoscalers = autoscalersOf(object, namespace, inventory)
    const scale = knownScaleOf(object, autoscalers)
    const elsewhere = autoscalers.found.length === 0 && !inventory.complete && !setsReplicas(object)
    if (!scale || elsewhere) return yield unresolved('HorizontalPodAutoscaler')
    if (scale.current === 0 || scale.floor !== 1) return
    if (kind === 'Deployment') {
      const rollouts = inventory.list('Rollout', namespace)
      if (rollouts === unknown) return yield unresolved('Rollout')
      // Its pods are beside those of the Rollout, or soon gone.
      if (rollouts.some((rollout) => refersTo(rollout, object))) return
    }
    const [autoscaler] = autoscalers.found
    const how = autoscaler ? `may be left with one replica by HPA ${brief(nameOf(autoscaler), 24)}` : 'has one replica'
    yield {
      reason: 'single',
      path: '/spec/replicas',
      message: `${kind}/${brief(name)} serves ${brief(nameOf(service))}, and ${how}`,
      fix: autoscaler ? 'set minReplicas: 2' : 'set replicas: 2, and spread them over nodes',
      related: [{ kind: 'Service', namespace, name: nameOf(service) }],
    }
  },
})
