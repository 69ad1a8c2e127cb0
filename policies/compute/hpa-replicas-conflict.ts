import { utilizationMetrics } from '../../src/sdk/hpa-metrics.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import { scalableKinds } from '../../src/sdk/kinds.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import type { KindName, Kinds } from '../../src/sdk/objects.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy, unresolved, type Review } from '../../src/sdk/policy.ts'
import { rivalsOf } from '../../src/sdk/rival-autoscalers.ts'
import { scalingPairs } from '../../src/sdk/scaling-pairs.ts'
import { memberOf } from '../../src/sdk/shape.ts'
import { resizerOf } from '../../src/sdk/vertical-autoscalers.ts'

const container = `{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }`
const deployment = (replicas: string, name = 'web', labels = 'app: web') =>
  `{ kind: Deployment, metadata: { name: ${name} }, spec: { ${replicas}selector: { matchLabels: { ${labels} } }, template: { metadata: { labels: { ${labels} } }, spec: { containers: [${container}] } } } }`
const web = (replicas: number) => deployment(`replicas: ${replicas}, `)
const autoscaler = (min: number, max: number, name = 'web', target = 'web') =>
  `{ kind: HorizontalPodAutoscaler, metadata: { name: ${name} }, spec: { minReplicas: ${min}, maxReplicas: ${max}, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: ${target} }, metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 80 } } }] } }`
const vertical = (mode: string, resources = '') =>
  `{ kind: VerticalPodAutoscaler, metadata: { name: web-vpa }, spec: { targetRef: { apiVersion: apps/v1, kind: Deployment, name: web }, updatePolicy: { updateMode: ${mode} }${resources} } }`
const together = (...objects: string[]) => objects.join('\n---\n')

export default definePolicy({
  id: 'compute-hpa-replicas-conflict',
  summary: 'One loop writes the number of replicas.',
  signatures: ['pending-pods'],
  since: '0.1.0',
  sources: [
    'kubernetes/pkg/controller/podautoscaler/horizontal.go (AmbiguousSelector, reconcileAutoscaler)',
    'https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#migrating-deployments-and-statefulsets-to-horizontal-autoscaling',
  ],
  on: ['HorizontalPodAutoscaler', ...scalableKinds],
  reads: ['HorizontalPodAutoscaler', ...scalableKinds, 'VerticalPodAutoscaler'],
  reasons: {
    multiple: {
      baseline: { default: 'warn', autoscaler: 'deny' },
      why: 'Pods that two autoscalers count belong to neither: the controller says AmbiguousSelector and scales none of the workloads, whatever the load.',
    },
    'out-of-range': {
      baseline: 'warn',
      why: 'Each apply starts or stops pods that the autoscaler takes back seconds later: connections break, and capacity is gone when the load is there.',
    },
    fight: {
      baseline: 'warn',
      why: 'The autoscaler had set the number by the load; this sets it anew, and so will each apply of the manifest.',
    },
    // What the API server stored does not tell a number that was typed from one that an autoscaler wrote.
    explicit: {
      baseline: { default: 'off', check: 'audit' },
      why: 'Each apply of the manifest sets the number anew, whatever the autoscaler made of it under load.',
    },
    vpa: {
      baseline: 'audit',
      why: 'The vertical autoscaler changes the requests by which the horizontal one divides: each answers to what the other did, and both swing.',
    },
  },
  examples: {
    passes: [
      { name: 'no replicas in the manifest', object: deployment(''), inventory: autoscaler(1, 5), frontEnd: 'check' },
      { name: 'no autoscaler', object: web(3), frontEnd: 'check' },
      { name: 'zero replicas turn the autoscaler off', object: web(0), inventory: autoscaler(2, 5) },
      {
        name: 'an image changes, and the replicas stay what the autoscaler made of them',
        object: web(9),
        oldObject: web(9),
        inventory: autoscaler(2, 5),
      },
      { name: 'back to work from zero', object: web(3), oldObject: web(0), inventory: autoscaler(2, 5) },
      { name: 'one replica may be the default of a manifest without any', object: autoscaler(2, 5), inventory: web(1) },
      {
        name: 'bounds that change under a running workload',
        object: autoscaler(4, 8),
        oldObject: autoscaler(2, 8),
        inventory: web(3),
      },
      {
        name: 'the autoscaler of a workload with other labels',
        object: autoscaler(2, 5),
        inventory: together(web(3), deployment('', 'api', 'app: api'), autoscaler(2, 5, 'api', 'api')),
      },
      {
        name: 'a vertical autoscaler that only recommends',
        object: autoscaler(2, 5),
        inventory: together(web(3), vertical('"Off"')),
      },
      {
        name: 'a vertical autoscaler of memory alone',
        object: autoscaler(2, 5),
        inventory: together(
          web(3),
          vertical(
            'Auto',
            ', resourcePolicy: { containerPolicies: [{ containerName: "*", controlledResources: [memory] }] }',
          ),
        ),
      },
    ],
    fails: [
      {
        name: 'more than the autoscaler allows',
        object: web(9),
        inventory: autoscaler(2, 5),
        finds: ['out-of-range /spec/replicas'],
      },
      {
        name: 'less than the autoscaler keeps',
        object: web(2),
        inventory: autoscaler(3, 5),
        finds: ['out-of-range /spec/replicas'],
      },
      {
        name: 'less than the autoscaler keeps, from more',
        object: web(1),
        oldObject: web(4),
        inventory: autoscaler(2, 5),
        finds: ['out-of-range /spec/replicas'],
      },
      {
        name: 'an autoscaler below what runs',
        object: autoscaler(2, 5),
        inventory: web(9),
        finds: ['out-of-range /spec/maxReplicas'],
      },
      {
        name: 'an autoscaler above what runs',
        object: autoscaler(4, 5),
        inventory: web(3),
        finds: ['out-of-range /spec/minReplicas'],
      },
      {
        name: 'an apply that sets what the autoscaler had set',
        object: web(2),
        oldObject: web(5),
        inventory: autoscaler(2, 8),
        finds: ['fight /spec/replicas'],
      },
      {
        name: 'a number that each apply will set',
        object: web(3),
        inventory: autoscaler(2, 5),
        frontEnd: 'check',
        finds: ['explicit /spec/replicas'],
      },
      {
        name: 'two autoscalers of one Deployment',
        object: autoscaler(2, 5),
        inventory: together(web(3), autoscaler(1, 9, 'web-old')),
        finds: ['multiple /spec/scaleTargetRef'],
      },
      {
        name: 'two Deployments with the same labels',
        object: autoscaler(2, 5),
        inventory: together(web(3), deployment('', 'web-canary'), autoscaler(2, 5, 'canary', 'web-canary')),
        finds: ['multiple /spec/scaleTargetRef'],
      },
      {
        name: 'a canary whose pods the selector of the other meets too',
        object: autoscaler(2, 5, 'canary', 'web-canary'),
        inventory: together(web(3), deployment('', 'web-canary', 'app: web, track: canary'), autoscaler(2, 5)),
        finds: ['multiple /spec/scaleTargetRef'],
      },
      {
        name: 'seen from the Deployment',
        object: web(3),
        inventory: together(autoscaler(2, 5), autoscaler(1, 9, 'web-old')),
        finds: ['multiple /spec/template/metadata/labels'],
      },
      {
        name: 'a vertical autoscaler too',
        object: autoscaler(2, 5),
        inventory: together(web(3), vertical('Auto')),
        finds: ['vpa /spec/metrics'],
      },
      {
        name: 'autoscalers that are not known yet',
        object: web(3),
        unknown: ['HorizontalPodAutoscaler'],
        finds: ['unresolved HorizontalPodAutoscaler'],
      },
    ],
  },
  *check({ kind, object, namespace, review, inventory }) {
    const pairs = scalingPairs(kind, object, namespace, inventory)
    const unsure = new Set<KindName>(pairs.unsure)
    const own = kind === 'HorizontalPodAutoscaler'
    const place = (kind: KindName, other: object) => ({ kind, namespace, name: nameOf(other) })
    const [first] = pairs.found
    if (first) {
      const { workload, autoscaler } = first
      const rivals = rivalsOf(autoscaler, workload, namespace, inventory)
      for (const missing of rivals.unsure) unsure.add(missing)
      const [rival] = rivals.found
      if (rival) {
        const names = [autoscaler, ...rivals.found].map((each) => brief(nameOf(each), 24)).slice(0, 2)
        const metadata = podSpecOf(workload.kind, workload.object)?.metadataPath ?? '/spec/template/metadata'
        yield {
          reason: 'multiple',
          path: own ? '/spec/scaleTargetRef' : `${metadata}/labels`,
          message: `HPAs ${names.join(' and ')} count the same pods, of ${workload.kind}/${brief(nameOf(workload.object), 24)}: none of them scales`,
          fix: 'remove one of them, or give each workload labels of its own',
          related: [place(workload.kind, workload.object), place('HorizontalPodAutoscaler', rival)],
        }
        for (const missing of unsure) yield unresolved(missing)
        return
      }
      const conflict = conflictOf(own, workload.object, autoscaler, review)
      if (conflict) {
        const { reason, replicas, bounds } = conflict
        const subject = `${workload.kind}/${brief(nameOf(workload.object), 24)} has replicas ${replicas}`
        const field = replicas < bounds.min ? 'minReplicas' : 'maxReplicas'
        yield {
          reason,
          path: own ? `/spec/${field}` : '/spec/replicas',
          message: `${subject}, and HPA ${brief(nameOf(autoscaler), 24)} keeps it between ${bounds.min} and ${bounds.max}`,
          fix: 'remove replicas from the manifest of the workload',
          related: [own ? place(workload.kind, workload.object) : place('HorizontalPodAutoscaler', autoscaler)],
        }
      }
      const resizer = resizerOf(workload, namespace, inventory)
      const metrics = utilizationMetrics(autoscaler)
      if (resizer === unknown) unsure.add('VerticalPodAutoscaler')
      else if (resizer && metrics !== unknown) {
        const shared = metrics.find(({ resource }) => resizer.resources.has(resource))?.resource
        if (shared !== undefined)
          yield {
            reason: 'vpa',
            path: own ? '/spec/metrics' : '/spec/template/spec/containers',
            message: `HPA ${brief(nameOf(autoscaler), 24)} and VPA ${brief(resizer.name, 24)} both act on ${shared}`,
            fix: 'measure something else, or set updateMode: "Off" or controlledResources of the VPA',
            related: [{ kind: 'VerticalPodAutoscaler', namespace, name: resizer.name }],
          }
      }
    }
    for (const missing of unsure) yield unresolved(missing)
  },
})

interface Conflict {
  readonly reason: 'out-of-range' | 'fight' | 'explicit'
  readonly replicas: number
  readonly bounds: { readonly min: number; readonly max: number }
}

const autoscalerUser = 'system:serviceaccount:kube-system:horizontal-pod-autoscaler'

/** Whether somebody else writes the number of replicas that the autoscaler keeps. */
function conflictOf(
  own: boolean,
  workload: object,
  { spec }: Kinds['HorizontalPodAutoscaler'],
  { operation, oldObject, user }: Review,
): Conflict | undefined {
  const replicas = replicasOf(workload)
  const [min, max] = [spec?.minReplicas ?? 1, spec?.maxReplicas]
  if (!isCount(replicas) || replicas === 0 || !isCount(min) || !isCount(max)) return undefined
  const outside = replicas < min || replicas > max
  const found = (reason: Conflict['reason']) => ({ reason, replicas, bounds: { min, max } })
  // Under an autoscaler that is there already, the number is its own work.
  if (own) return operation === 'CREATE' && outside && replicas !== 1 ? found('out-of-range') : undefined
  if (operation === 'CREATE') return found(outside && replicas !== 1 ? 'out-of-range' : 'explicit')
  const before = replicasOf(oldObject)
  if (before === replicas || user?.username === autoscalerUser) return undefined
  if (outside) return found('out-of-range')
  return before === 0 ? undefined : found('fight')
}

function replicasOf(workload: unknown): unknown {
  return memberOf(memberOf(workload, 'spec'), 'replicas') ?? undefined
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}
