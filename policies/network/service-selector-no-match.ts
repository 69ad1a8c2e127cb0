import { closestSelected, describeMiss, describeWorkload, type NearMiss } from '../../src/sdk/closest-selected.ts'
import { labelsOfPods, labelsToType } from '../../src/sdk/labels-to-type.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import {
  backendKinds,
  backendsOf,
  isSelecting,
  podsBehind,
  serviceSelector,
  servicesOf,
} from '../../src/sdk/services.ts'
import { selectsPods } from '../../src/sdk/pod-labels.ts'
import { memberOf, recordOf, textOf } from '../../src/sdk/shape.ts'
import { type GivenValues, yaml } from '../../src/sdk/snippet.ts'
import { isVariable } from '../../src/sdk/variables.ts'

const why =
  'A Service without a matching pod has an empty EndpointSlice: connections to it are refused or time out, and a load balancer or Ingress answers 503.'
const snippet = yaml`spec:
  selector: ${{ labels: { app: 'web' } }} # labels of the pod template (spec.template.metadata.labels), not of the Deployment`

const deployment = (labels: string, { name = 'web', own = '', spec = '' } = {}) =>
  `{ kind: Deployment, metadata: { name: ${name}${own} }, spec: { ${spec}selector: { matchLabels: { ${labels} } }, template: { metadata: { labels: { ${labels} } }, spec: { containers: [{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }] } } } }`
const service = (selector: string, rest = '') =>
  `{ kind: Service, metadata: { name: web }, spec: { ${rest}selector: { ${selector} }, ports: [{ port: 80 }] } }`

export default definePolicy({
  id: 'network-service-selector-no-match',
  summary: 'A Service selects pods that there are.',
  signatures: ['gateway-timeout'],
  since: '0.1.0',
  sources: [
    'kubernetes/pkg/controller/endpointslice/endpointslice_controller.go',
    'https://kubernetes.io/docs/concepts/services-networking/service/#services-without-selectors',
  ],
  on: ['Service', ...backendKinds],
  reads: ['Service', ...backendKinds],
  // The labels of a bare Pod are metadata.
  readsMetadata: true,
  params: {
    dynamicLabels: {
      type: 'array',
      items: { type: 'string' },
      default: [
        'role',
        'spilo-role',
        'cnpg.io/instanceRole',
        'postgres-operator.crunchydata.com/role',
        'rollouts-pod-template-hash',
        'vault-active',
        'statefulset.kubernetes.io/pod-name',
        'apps.kubernetes.io/pod-index',
      ],
      description:
        'Labels that a controller puts on running pods: no template shows them, so only live pods are asked.',
    },
  },
  reasons: {
    'no-match': {
      // Whoever creates a Service usually creates its workload next.
      baseline: { default: 'warn', 'service:CREATE': 'audit', check: 'warn', audit: 'warn' },
      absence: true,
      why,
      snippet,
    },
    'last-match': { baseline: 'warn', absence: true, why, snippet },
    'still-no-match': { baseline: 'audit', absence: true, why, snippet },
  },
  examples: {
    passes: [
      {
        name: 'the labels of the pod template',
        object: service('app: web'),
        inventory: deployment('app: web, tier: front'),
      },
      {
        name: 'a Rollout of Argo',
        object: service('app: web'),
        inventory: deployment('app: web').replace('kind: Deployment', 'kind: Rollout'),
      },
      {
        name: 'a workload that is scaled to zero',
        object: service('app: web'),
        inventory: deployment('app: web', { spec: 'replicas: 0, ' }),
      },
      {
        name: 'no selector: who keeps its endpoints is not known',
        object: '{ kind: Service, spec: { ports: [{ port: 80 }] } }',
      },
      { name: 'a name in the DNS', object: service('app: web', 'type: ExternalName, externalName: web.example.com, ') },
      {
        name: 'Pods of a controller without a template',
        object: service('app: web'),
        inventory:
          '{ kind: Pod, metadata: { name: web-1, labels: { app: web }, ownerReferences: [{ apiVersion: example.com/v1, kind: Fleet, name: web, controller: true }] }, spec: { containers: [{ name: web }] } }',
      },
      {
        name: 'seen from a workload that keeps the label',
        object: deployment('app: web, tier: back'),
        oldObject: deployment('app: web, tier: front'),
        inventory: service('app: web'),
      },
      {
        name: 'another workload is left',
        object: deployment('app: web-2'),
        oldObject: deployment('app: web'),
        inventory: `${service('app: web')}\n---\n${deployment('app: web', { name: 'web-canary' })}`,
      },
    ],
    fails: [
      {
        name: 'the workload is to come, or the label is wrong',
        object: service('app: web'),
        finds: ['no-match /spec/selector'],
      },
      {
        name: 'a slip in the label',
        object: service('app: web, tier: front'),
        oldObject: service('app: web'),
        inventory: deployment('app: web, tier: frontend'),
        finds: ['no-match /spec/selector'],
      },
      {
        name: 'a change elsewhere in the Service',
        object: service('app: web', 'type: NodePort, '),
        oldObject: service('app: web'),
        finds: ['still-no-match /spec/selector'],
      },
      {
        name: 'labels of the Deployment, not of its pods',
        object: service('app: web, team: shop'),
        oldObject: service('app: web'),
        inventory: deployment('app: web', { own: ', labels: { app: web, team: shop }' }),
        finds: ['no-match /spec/selector'],
      },
      {
        name: 'files that hold all there is',
        object: service('app: web'),
        frontEnd: 'check',
        complete: true,
        finds: ['no-match /spec/selector'],
      },
      {
        name: 'seen from the workload that takes the last match away',
        object: deployment('app: web-2'),
        oldObject: deployment('app: web'),
        inventory: service('app: web'),
        finds: ['last-match /spec/template/metadata/labels'],
      },
      {
        name: 'a label that an operator puts on the running Pod',
        object: service('app: db, spilo-role: master'),
        inventory: deployment('app: db', { name: 'db' }),
        unknown: ['Pod'],
        finds: ['unresolved Pod'],
      },
      {
        name: 'workloads that are not known yet',
        object: service('app: web'),
        unknown: ['StatefulSet'],
        finds: ['unresolved StatefulSet'],
      },
    ],
  },
  *check({ kind, object, namespace, params, review, inventory }) {
    if (kind === 'Service') {
      if (!isSelecting(object)) return
      const { found, unsure } = backendsOf(object, namespace, inventory)
      if (found.length > 0) return
      const selector: unknown = object.spec?.selector
      if (
        Object.entries(recordOf(selector) ?? {})
          .flat()
          .some(isVariable)
      ) {
        yield unresolved('value')
        return
      }
      if (params.dynamicLabels.some((key) => memberOf(selector, key) !== undefined)) {
        const pods = podsBehind(object, namespace, inventory)
        if (review.frontEnd !== 'audit' || pods.unsure.length > 0) yield unresolved('Pod')
        if (review.frontEnd !== 'audit' || pods.unsure.length > 0 || pods.found.length > 0) return
      } else if (unsure.length > 0) {
        for (const missing of new Set(unsure)) yield unresolved(missing)
        return
      }
      const near = closestSelected(selector, namespace, inventory)
      const wanted = `Service ${brief(nameOf(object), 20)} selects no pod by ${describeLabels(selector)}`
      yield {
        reason: isUnchanged(selector, review.oldObject) ? 'still-no-match' : 'no-match',
        path: '/spec/selector',
        message: near ? `${wanted}; closest ${describeWorkload(near.workload)} has ${describeMiss(near)}` : wanted,
        fix: near ? fixOf(near) : 'correct the selector, or create the workload with these labels on its pod template',
        related: near ? [{ kind: near.workload.kind, namespace, name: nameOf(near.workload.object) }] : [],
        values: near ? { labels: selectorMeant(selector, near) } : {},
      }
      return
    }
    const view = podSpecOf(kind, object)
    if (!view || review.oldObject === undefined) return
    const before = servicesOf(kind, review.oldObject, namespace, inventory)
    for (const service of before.found) {
      if (selectsPods(serviceSelector(service), kind, object) !== false) continue
      const { found, unsure } = backendsOf(service, namespace, inventory)
      if (found.length > 0 || unsure.length > 0) continue
      const name = brief(nameOf(service), 20)
      yield {
        reason: 'last-match',
        path: `${view.metadataPath}/labels`,
        message: `these labels leave Service ${name} no pod: it selects ${describeLabels(service.spec?.selector)}`,
        fix: 'keep the labels on the pod template, or change the selector of the Service first',
        related: [{ kind: 'Service', namespace, name: nameOf(service) }],
      }
    }
  },
})

/** True where the Service selected by the same labels before. */
function isUnchanged(selector: unknown, before: unknown): boolean {
  const [own, old] = [recordOf(selector), recordOf(memberOf(memberOf(before, 'spec'), 'selector'))]
  if (!own || !old) return false
  const keys = Object.keys(own)
  return keys.length === Object.keys(old).length && keys.every((key) => memberOf(old, key) === own[key])
}

/** The selector with what its workload has, without what that lacks. */
function selectorMeant(selector: unknown, { differing, workload }: NearMiss): GivenValues['labels'] {
  const misses = new Map(differing.map(({ key, found }) => [key, found]))
  const meant = Object.entries(recordOf(selector) ?? {}).flatMap(([key, value]): [string, unknown][] => {
    if (!misses.has(key)) return [[key, value]]
    const found = misses.get(key)
    return found === undefined ? [] : [[key, found]]
  })
  return labelsToType(Object.fromEntries(meant)) ?? labelsOfPods(workload.kind, workload.object)
}

function fixOf({ differing, onWorkload, workload }: NearMiss): string {
  if (onWorkload) return `select labels of its pods: those of ${workload.kind} itself select nothing`
  const known = differing.find(({ found }) => found !== undefined)
  if (known?.found !== undefined)
    return `write ${brief(known.key, 24)}: ${brief(known.found, 16)} in the selector, or label the pods alike`
  return `remove ${brief(differing[0]?.key ?? '', 24)} from the selector, or put it on the pod template`
}

/** `app=web, tier=front`, of at most two labels. */
function describeLabels(labels: unknown): string {
  const all = Object.entries(recordOf(labels) ?? {})
  const some = all.slice(0, 2).map(([key, value]) => `${brief(key, 24)}=${brief(textOf(value), 16)}`)
  return [...some, ...(all.length > 2 ? [`${all.length - 2} more`] : [])].join(', ')
}
