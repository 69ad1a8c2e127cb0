import { closest } from '../../src/sdk/closest.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import { groupOf, kinds, scalableKinds, type KindInfo } from '../../src/sdk/kinds.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import type { KindName } from '../../src/sdk/objects.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { memberOf, stringOf } from '../../src/sdk/shape.ts'
import { yaml } from '../../src/sdk/snippet.ts'
import { isVariable } from '../../src/sdk/variables.ts'

const why =
  'The autoscaler reads and writes the scale of its target; without one it says FailedGetScale, and the number of pods follows no load.'

const autoscaler = (target: string) =>
  `{ kind: HorizontalPodAutoscaler, metadata: { name: web }, spec: { minReplicas: 2, maxReplicas: 5, scaleTargetRef: { ${target} }, metrics: [{ type: External, external: { metric: { name: queue }, target: { type: AverageValue, averageValue: "30" } } }] } }`
const web = `{ kind: Deployment, metadata: { name: web }, spec: { template: { metadata: { labels: { app: web } }, spec: {} } } }`

const rollout =
  '{ kind: Rollout, metadata: { name: web }, spec: { workloadRef: { apiVersion: apps/v1, kind: Deployment, name: web } } }'

export default definePolicy({
  id: 'compute-hpa-target-missing',
  summary: 'A HorizontalPodAutoscaler targets a workload that exists and can be scaled.',
  signatures: ['pending-pods'],
  since: '0.1.0',
  sources: ['kubernetes/pkg/controller/podautoscaler/horizontal.go (reconcileAutoscaler, scaleForResourceMappings)'],
  on: ['HorizontalPodAutoscaler'],
  reads: scalableKinds,
  reasons: {
    'not-found': { baseline: 'warn', absence: true, why },
    'no-scale': { baseline: 'warn', why },
    'wrong-group': {
      baseline: 'warn',
      why: 'The autoscaler looks the kind up in the group that apiVersion names, and finds none there: it says FailedGetScale, and the number of pods follows no load.',
      snippet: yaml`spec:
  scaleTargetRef:
    apiVersion: ${{ apiVersion: 'apps/v1' }}
    kind: ${{ kind: 'Deployment' }}
    name: ${{ name: 'web' }}`,
    },
  },
  examples: {
    passes: [
      { name: 'a Deployment', object: autoscaler('apiVersion: apps/v1, kind: Deployment, name: web'), inventory: web },
      {
        name: 'a kind of its own scale that no rule knows',
        object: autoscaler('apiVersion: postgresql.example.com/v1, kind: Pool, name: web'),
      },
      {
        name: 'a Rollout of Argo',
        object: autoscaler('apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: web'),
        inventory: rollout,
      },
      {
        name: 'a Rollout of another group',
        object: autoscaler('apiVersion: rollouts.kruise.io/v1beta1, kind: Rollout, name: web'),
      },
      {
        name: 'files that do not hold the Deployment, and that nobody called complete',
        object: autoscaler('apiVersion: apps/v1, kind: Deployment, name: web'),
        frontEnd: 'check',
      },
      {
        name: 'a ReplicationController, of the group without a name',
        object: autoscaler('apiVersion: v1, kind: ReplicationController, name: web'),
        inventory: `{ kind: ReplicationController, metadata: { name: web }, spec: { template: { metadata: { labels: { app: web } }, spec: {} } } }`,
      },
    ],
    fails: [
      {
        name: 'a Rollout that is looked up among the Deployments',
        object: autoscaler('apiVersion: apps/v1, kind: Rollout, name: web'),
        inventory: rollout,
        finds: ['wrong-group /spec/scaleTargetRef/apiVersion'],
      },
      {
        name: 'a name of nobody',
        object: autoscaler('apiVersion: apps/v1, kind: Deployment, name: wbe'),
        inventory: web,
        finds: ['not-found /spec/scaleTargetRef/name'],
      },
      {
        name: 'a Deployment of another namespace',
        object: autoscaler('apiVersion: apps/v1, kind: Deployment, name: web'),
        inventory: `{ kind: Deployment, metadata: { name: web, namespace: other }, spec: { template: { metadata: { labels: { app: web } }, spec: {} } } }`,
        finds: ['not-found /spec/scaleTargetRef/name'],
      },
      {
        name: 'a DaemonSet',
        object: autoscaler('apiVersion: apps/v1, kind: DaemonSet, name: agent'),
        finds: ['no-scale /spec/scaleTargetRef/kind'],
      },
      {
        name: 'a CronJob',
        object: autoscaler('apiVersion: batch/v1, kind: CronJob, name: nightly'),
        finds: ['no-scale /spec/scaleTargetRef/kind'],
      },
      {
        name: 'no apiVersion, which is that of the core group',
        object: autoscaler('kind: Deployment, name: web'),
        inventory: web,
        finds: ['wrong-group /spec/scaleTargetRef/apiVersion'],
      },
      {
        name: 'a group that serves Deployments no longer',
        object: autoscaler('apiVersion: extensions/v1beta1, kind: Deployment, name: web'),
        inventory: web,
        finds: ['wrong-group /spec/scaleTargetRef/apiVersion'],
      },
      {
        name: 'Deployments that are not known yet',
        object: autoscaler('apiVersion: apps/v1, kind: Deployment, name: web'),
        unknown: ['Deployment'],
        finds: ['unresolved Deployment'],
      },
      {
        name: 'what a variable stands for is not known',
        object: autoscaler('apiVersion: apps/v1, kind: Deployment, name: "${NAME}"'),
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
    ],
  },
  *check({ object, name, namespace, inventory }) {
    const target: unknown = object.spec?.scaleTargetRef
    const [apiVersion, kind, wanted] = ['apiVersion', 'kind', 'name'].map(
      (key) => stringOf(memberOf(target, key)) ?? '',
    )
    if ([apiVersion, kind, wanted].some(isVariable)) return yield unresolved('value')
    const known = targetable.get(kind ?? '')
    const group = groupOf(apiVersion ?? '')
    // A custom resource may well have a scale.
    if (!known || (known.group !== group && !formerGroups.has(group))) return
    const subject = `HPA ${brief(name, 24)}: target ${known.kind}/${brief(wanted ?? '', 24)}`
    const place = '/spec/scaleTargetRef'
    if (known.group !== group) {
      const asked = apiVersion === '' ? 'has no apiVersion' : `is looked up in ${brief(apiVersion ?? '', 24)}`
      const meant = `${known.group === '' ? '' : `${known.group}/`}${known.version}`
      yield {
        reason: 'wrong-group',
        path: `${place}/apiVersion`,
        message: `${subject} ${asked}`,
        fix: `set apiVersion: ${meant}`,
        values: { apiVersion: meant, kind: known.kind, name: wanted },
      }
      return
    }
    if (!known.scalable) {
      const fix = 'target a Deployment or StatefulSet, or remove the HPA'
      yield { reason: 'no-scale', path: `${place}/kind`, message: `${subject} has no scale`, fix }
      return
    }
    // The table says which kinds have a scale; the compiler knows them by name.
    const scalable = known.kind as (typeof scalableKinds)[number]
    const found = inventory.get(scalable, namespace, wanted ?? '')
    if (found === unknown) return yield unresolved(scalable)
    if (found) return
    const all = inventory.list(scalable, namespace)
    const near = closest(wanted ?? '', all === unknown ? [] : all.map(nameOf))
    yield {
      reason: 'not-found',
      path: `${place}/name`,
      message: `${subject} does not exist`,
      fix: near === undefined ? 'correct scaleTargetRef, or create it' : `set scaleTargetRef.name: ${brief(near, 40)}`,
    }
  },
})

const countless: readonly KindName[] = ['CronJob', 'DaemonSet', 'Job', 'Pod']
const targetable: ReadonlyMap<string, KindInfo> = new Map(
  [...scalableKinds, ...countless].flatMap((kind) => {
    const info = kinds.get(kind)
    return info ? [[kind, info] as const] : []
  }),
)

// What people write for kinds of the groups above; other groups have kinds of their own by the same name.
const formerGroups: ReadonlySet<string> = new Set(['', 'apps', 'batch', 'extensions'])
