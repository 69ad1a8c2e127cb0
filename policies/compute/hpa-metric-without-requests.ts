import { effectiveResources } from '../../src/sdk/effective-resources.ts'
import { lacksOf, utilizationMetrics } from '../../src/sdk/hpa-metrics.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import { scalableKinds } from '../../src/sdk/kinds.ts'
import { containerDefaults } from '../../src/sdk/limit-ranges.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import type { KindName, Kinds } from '../../src/sdk/objects.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { pointer } from '../../src/sdk/pointer.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { scalingPairs } from '../../src/sdk/scaling-pairs.ts'

const strict = { default: 'warn', autoscaler: 'deny' } as const

const limits = 'limits: { cpu: 500m, memory: 128Mi }'
const sound = `{ requests: { cpu: 100m, memory: 128Mi }, ${limits} }`
const noCpu = '{ requests: { memory: 128Mi }, limits: { memory: 128Mi } }'
const container = (name: string, resources: string) =>
  `{ name: ${name}, image: "registry.example.com/${name}:1.4.2", resources: ${resources} }`
const web = (containers: string, more = '') =>
  `{ kind: Deployment, metadata: { name: web }, spec: { selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { ${more}containers: [${containers}] } } } }`
const autoscaler = (metrics: string) =>
  `{ kind: HorizontalPodAutoscaler, metadata: { name: web }, spec: { minReplicas: 2, maxReplicas: 5, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }${metrics === '' ? '' : `, metrics: [${metrics}]`} } }`
const share = (resource: string) =>
  `{ type: Resource, resource: { name: ${resource}, target: { type: Utilization, averageUtilization: 80 } } }`
const amount = '{ type: Resource, resource: { name: cpu, target: { type: AverageValue, averageValue: 200m } } }'
const ofContainer = (name: string) =>
  `{ type: ContainerResource, containerResource: { name: cpu, container: ${name}, target: { type: Utilization, averageUtilization: 80 } } }`
const alongside = ['compute-requests-required', 'compute-cpu-limit']

export default definePolicy({
  id: 'compute-hpa-metric-without-requests',
  summary: 'What an autoscaler measures as a share of requests is requested by every container.',
  signatures: ['pending-pods'],
  since: '0.1.0',
  sources: [
    'kubernetes/pkg/controller/podautoscaler/replica_calculator.go (calculateRequests)',
    'kubernetes/pkg/apis/autoscaling/v2/defaults.go',
  ],
  on: ['HorizontalPodAutoscaler', ...scalableKinds],
  reads: ['HorizontalPodAutoscaler', ...scalableKinds, 'LimitRange'],
  reasons: {
    'no-request': {
      baseline: 'warn',
      strict,
      why: 'Utilization is usage divided by requests; where one container has none the controller says FailedGetResourceMetric and scales no more, whatever the load.',
      snippet: `resources:
  requests: { cpu: 100m, memory: 128Mi }`,
    },
    'container-absent': {
      baseline: 'warn',
      strict,
      why: 'The controller finds no such container in any pod and says that it received no metrics: it scales no more, whatever the load.',
    },
  },
  examples: {
    passes: [
      {
        name: 'every container requests cpu',
        object: autoscaler(share('cpu')),
        inventory: web(container('web', sound)),
      },
      {
        name: 'a limit stands for the request',
        object: autoscaler(share('cpu')),
        inventory: web(container('web', `{ ${limits} }`)),
      },
      {
        name: 'an average value is measured against nothing',
        object: autoscaler(amount),
        inventory: web(container('web', noCpu)),
      },
      {
        name: 'a request of the pod as a whole',
        object: autoscaler(share('cpu')),
        inventory: web(container('web', noCpu), 'resources: { requests: { cpu: "1", memory: 128Mi } }, '),
      },
      {
        name: 'one container requests it, and the pod as a whole something else: its sum counts',
        object: autoscaler(share('cpu')),
        inventory: web(
          `${container('web', sound)}, ${container('helper', noCpu)}`,
          'resources: { requests: { memory: 1Gi } }, ',
        ),
      },
      {
        name: 'a LimitRange gives it',
        object: autoscaler(share('cpu')),
        inventory: `${web(container('web', noCpu))}\n---\n{ kind: LimitRange, spec: { limits: [{ type: Container, defaultRequest: { cpu: 100m } }] } }`,
      },
      {
        name: 'the one container that is measured requests it',
        object: autoscaler(ofContainer('web')),
        inventory: web(`${container('web', sound)}, ${container('proxy', noCpu)}`),
      },
      {
        name: 'init containers are not measured',
        object: autoscaler(share('cpu')),
        inventory: web(container('web', sound), `initContainers: [${container('setup', noCpu)}], `),
      },
      {
        name: 'the autoscaler of another Deployment',
        object: web(container('web', sound)),
        inventory: autoscaler('').replaceAll('web', 'api'),
      },
    ],
    fails: [
      {
        name: 'no metrics, which is cpu',
        object: autoscaler(''),
        inventory: web(container('web', noCpu)),
        finds: ['no-request /spec/metrics'],
      },
      {
        name: 'a sidecar without a request',
        object: autoscaler(share('memory') + ', ' + share('cpu')),
        inventory: web(
          container('web', sound),
          `initContainers: [{ restartPolicy: Always, ${container('proxy', noCpu).slice(1)}], `,
        ),
        finds: ['no-request /spec/metrics/1/resource'],
      },
      {
        name: 'the pod as a whole requests something else, and no container any',
        object: autoscaler(share('cpu')),
        inventory: web(container('web', noCpu), 'resources: { requests: { memory: 1Gi } }, '),
        finds: ['no-request /spec/metrics/0/resource'],
      },
      {
        name: 'the container that is measured',
        object: autoscaler(ofContainer('proxy')),
        inventory: web(`${container('web', sound)}, ${container('proxy', noCpu)}`),
        finds: ['no-request /spec/metrics/0/containerResource'],
      },
      {
        name: 'a container of nobody',
        object: autoscaler(ofContainer('wbe')),
        inventory: web(container('web', sound)),
        finds: ['container-absent /spec/metrics/0/containerResource/container'],
      },
      {
        name: 'seen from the Deployment',
        object: web(`${container('web', sound)}, ${container('proxy', noCpu)}`),
        inventory: autoscaler(share('cpu')),
        alongside,
        finds: ['no-request /spec/template/spec/containers/1/resources/requests/cpu'],
      },
      {
        name: 'a container of nobody, seen from the Deployment',
        object: web(container('web', sound)),
        inventory: autoscaler(ofContainer('wbe')),
        finds: ['container-absent /spec/template/spec/containers'],
      },
      {
        name: 'the Deployment is not known yet',
        object: autoscaler(share('cpu')),
        unknown: ['Deployment'],
        finds: ['unresolved Deployment'],
      },
      {
        name: 'LimitRanges that are not known yet',
        object: autoscaler(share('cpu')),
        inventory: web(container('web', noCpu)),
        unknown: ['LimitRange'],
        finds: ['unresolved LimitRange'],
      },
    ],
  },
  *check({ kind, object, namespace, inventory }) {
    const pairs = scalingPairs(kind, object, namespace, inventory)
    const unsure = new Set<KindName | 'value'>(pairs.unsure)
    const ranges = inventory.list('LimitRange', namespace)
    const defaults = containerDefaults(ranges === unknown ? [] : ranges, (range) => inventory.uncertain(range))
    for (const { autoscaler, workload } of pairs.found) {
      const view = podSpecOf(workload.kind, workload.object)
      const metrics = utilizationMetrics(autoscaler)
      if (metrics === unknown) unsure.add('value')
      if (!view || metrics === unknown) continue
      const resources = effectiveResources(view, defaults)
      const own = kind === 'HorizontalPodAutoscaler'
      const subject = `HPA ${brief(nameOf(autoscaler), 20)}`
      const other = own ? workload : { kind: 'HorizontalPodAutoscaler' as const, object: autoscaler }
      const related = [{ kind: other.kind, namespace, name: nameOf(other.object) }]
      for (const metric of metrics) {
        const { resource, path } = metric
        const lacks = lacksOf(metric, view.spec, resources)
        if (lacks.some(({ lack }) => lack === 'unknown')) unsure.add('LimitRange')
        const requests = lacks.flatMap((each) => (each.lack === 'request' ? [each] : []))
        if (requests.length > 0 && ranges === unknown) unsure.add('LimitRange')
        else {
          // Of the autoscaler one value is wrong; of the template every one that is missing.
          for (const { path: container, name } of own ? requests.slice(0, 1) : requests) {
            yield {
              reason: 'no-request',
              path: own ? path : container + pointer('resources', 'requests', resource),
              message: `${subject} measures ${resource} as a share of requests: container ${name} of ${brief(nameOf(workload.object), 20)} has none`,
              fix: `set resources.requests.${resource}, or ${amountOf(autoscaler)}`,
              related,
            }
          }
        }
        if (lacks.some(({ lack }) => lack === 'container-absent')) {
          yield {
            reason: 'container-absent',
            path: own ? `${path}/container` : `${view.path}/containers`,
            message: `${subject} measures container ${brief(metric.container ?? '', 24)}, which ${workload.kind}/${brief(nameOf(workload.object), 24)} does not have`,
            fix: 'name a container of the pod template, no init container',
            related,
          }
        }
      }
    }
    for (const missing of unsure) yield unresolved(missing)
  },
})

/** How to measure an amount in place of a share. */
function amountOf({ apiVersion }: Kinds['HorizontalPodAutoscaler']): string {
  return apiVersion === 'autoscaling/v1' ? 'move to autoscaling/v2 and an amount' : 'target.type: AverageValue'
}
