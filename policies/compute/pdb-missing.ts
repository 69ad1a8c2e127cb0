import { scalableKinds } from '../../src/sdk/kinds.ts'
import { labelsOfPods } from '../../src/sdk/labels-to-type.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import type { KindName } from '../../src/sdk/objects.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { autoscalersOf, budgetsOf } from '../../src/sdk/relations.ts'
import { knownScaleOf } from '../../src/sdk/scale.ts'
import { servicesOf } from '../../src/sdk/services.ts'
import { yaml } from '../../src/sdk/snippet.ts'
import { withTemplate } from '../../src/sdk/workload-refs.ts'

const web = (replicas: string) =>
  `{ kind: Deployment, metadata: { name: web }, spec: { ${replicas}template: { metadata: { labels: { app: web } }, spec: {} } } }`
const service = `{ kind: Service, metadata: { name: web }, spec: { selector: { app: web }, ports: [{ port: 80 }] } }`
const budget = (app: string) =>
  `{ kind: PodDisruptionBudget, metadata: { name: ${app} }, spec: { maxUnavailable: 1, selector: { matchLabels: { app: ${app} } } } }`
const rollout = `{ kind: Rollout, metadata: { name: web }, spec: { replicas: 3, workloadRef: { apiVersion: apps/v1, kind: Deployment, name: web } } }`
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
  reads: ['Service', 'PodDisruptionBudget', 'HorizontalPodAutoscaler', 'Deployment', 'ReplicaSet'],
  reasons: {
    missing: {
      baseline: 'audit',
      strict: 'warn',
      absence: true,
      why: 'Without a budget two nodes that are drained at a time may take every replica at once, and the Service has no endpoints left.',
      snippet: yaml`apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: ${{ name: 'web' }}
  namespace: ${{ namespace: 'shop' }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels: ${{ labels: { app: 'web' } }} # the labels of the pod template`,
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
      {
        name: 'a budget covers the pods of a Rollout with the template of a Deployment',
        object: rollout,
        inventory: together(service, web('replicas: 0, '), budget('web')),
      },
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
        name: 'a Rollout with the template of a Deployment that it has scaled to zero',
        object: rollout,
        inventory: together(service, web('replicas: 0, ')),
        finds: ['missing /spec/workloadRef'],
      },
      {
        name: 'a Rollout with a template that is not known',
        object: rollout,
        inventory: service,
        finds: ['unresolved Deployment'],
      },
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
    const templated = withTemplate(kind, object, namespace, inventory)
    const services = servicesOf(kind, templated, namespace, inventory)
    const [service] = services.found
    if (!service) {
      for (const missing of services.unsure) yield unresolved(missing)
      return
    }
    const budgets = budgetsOf(kind, templated, namespace, inventory)
    if (budgets.found.length > 0) return
    const scale = knownScaleOf(object, autoscalersOf(object, namespace, inventory))
    const unsure: readonly KindName[] = [...budgets.unsure, ...(scale ? [] : ['HorizontalPodAutoscaler' as const])]
    for (const missing of unsure) yield unresolved(missing)
    const view = podSpecOf(kind, templated)
    if (unsure.length > 0 || !scale || !view || scale.floor < params.fromReplicas) return
    yield {
      reason: 'missing',
      path: podSpecOf(kind, object)?.metadataPath.concat('/labels') ?? '/spec/workloadRef',
      message: `${kind}/${brief(name)} serves ${brief(nameOf(service))} with ${scale.floor} replicas, and no PDB covers them`,
      fix: 'add a PodDisruptionBudget with maxUnavailable: 1 over these labels',
      values: { name: name === '' ? undefined : name, namespace, labels: labelsOfPods(kind, templated) },
      related: [{ kind: 'Service', namespace, name: nameOf(service) }],
    }
  },
})
