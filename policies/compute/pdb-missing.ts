import { scalableKinds } from '../../src/sdk/kinds.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import type { KindName } from '../../src/sdk/objects.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { autoscalersOf, budgetsOf } from '../../src/sdk/relations.ts'
import { knownScaleOf } from '../../src/sdk/scale.ts'
import { servicesOf } from '../../src/sdk/services.ts'

const web = (replicas: string) =>
  `{ kind: Deployment, metadata: { name: web }, spec: { ${replicas}template: { metadata: { labels: { app: web } }, spec: {} } } }`
const service = `{ kind: Service, metadata: { name: web }, spec: { selector: { app: web }, ports: [{ port: 80 }] } }`
const budget = (app: string) =>
  `{ kind: PodDisruptionBudget, metadata: { name: ${app} }, spec: { maxUnavailable: 1, selector: { matchLabels: { app: ${app} } } } }`
const autoscaler = (min: number) =>
  `{ kind: HorizontalPodAutoscaler, metadata: { name: web }, spec: { minReplicas: ${min}, maxReplicas: 9, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web } } }`
const together = (...objects: string[]) => objects.join('\n---\n')

export default definePolicy({
  id: 'compute-pdb-missing',
  summary: 'A workload of several replicas behind a Service has a PodDisruptionBudget.',
  signatures: ['gateway-timeout'],
  since: '0.1.0',
  sources: ['https://kubernetes.io/docs/concepts/workloads/pods/disruptions/'],
  on: scalableKinds,
  reads: ['Service', 'PodDisruptionBudget', 'HorizontalPodAutoscaler'],
  reasons: {
    missing: {
      baseline: 'audit',
      strict: 'warn',
      absence: true,
      why: 'Without a budget two nodes that are drained at a time may take every replica at once, and the Service has no endpoints left.',
      snippet: `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: web
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      app: web # the labels of the pod template`,
    },
  },
  params: {
    fromReplicas: {
      type: 'integer',
      minimum: 1,
      default: 2,
      description: 'Smallest number of replicas that needs a budget.',
    },
  },
  examples: {
    passes: [
      { name: 'a budget covers the pods', object: web('replicas: 2, '), inventory: together(service, budget('web')) },
      { name: 'no Service sends anything there', object: web('replicas: 2, '), inventory: budget('api') },
      { name: 'one replica, which another rule speaks of', object: web('replicas: 1, '), inventory: service },
      {
        name: 'an autoscaler may leave one',
        object: web('replicas: 3, '),
        inventory: together(service, autoscaler(1)),
      },
      {
        name: 'files that nobody called complete',
        object: web('replicas: 2, '),
        inventory: service,
        frontEnd: 'check',
      },
    ],
    fails: [
      {
        name: 'no budget at all',
        object: web('replicas: 2, '),
        inventory: service,
        finds: ['missing /spec/template/metadata/labels'],
      },
      {
        name: 'the only budget covers other pods',
        object: web('replicas: 2, '),
        inventory: together(service, budget('api')),
        finds: ['missing /spec/template/metadata/labels'],
      },
      {
        name: 'an autoscaler keeps two',
        object: web(''),
        inventory: together(service, autoscaler(2)),
        finds: ['missing /spec/template/metadata/labels'],
      },
      {
        name: 'one replica, where the settings ask for a budget even so',
        object: web('replicas: 1, '),
        inventory: service,
        params: { fromReplicas: 1 },
        finds: ['missing /spec/template/metadata/labels'],
      },
      {
        name: 'budgets that are not known yet',
        object: web('replicas: 2, '),
        inventory: service,
        unknown: ['PodDisruptionBudget'],
        finds: ['unresolved PodDisruptionBudget'],
      },
    ],
  },
  *check({ kind, object, name, namespace, params, inventory }) {
    const services = servicesOf(kind, object, namespace, inventory)
    const [service] = services.found
    if (!service) {
      for (const missing of services.unsure) yield unresolved(missing)
      return
    }
    const budgets = budgetsOf(kind, object, namespace, inventory)
    if (budgets.found.length > 0) return
    const scale = knownScaleOf(object, autoscalersOf(object, namespace, inventory))
    const unsure: readonly KindName[] = [...budgets.unsure, ...(scale ? [] : ['HorizontalPodAutoscaler' as const])]
    for (const missing of unsure) yield unresolved(missing)
    const view = podSpecOf(kind, object)
    if (unsure.length > 0 || !scale || !view || scale.floor < params.fromReplicas) return
    yield {
      reason: 'missing',
      path: `${view.metadataPath}/labels`,
      message: `${kind}/${brief(name)} serves ${brief(nameOf(service))} with ${scale.floor} replicas, and no PDB covers them`,
      fix: 'add a PodDisruptionBudget with maxUnavailable: 1 over these labels',
      related: [{ kind: 'Service', namespace, name: nameOf(service) }],
    }
  },
})
