import { unknown } from '../../src/sdk/inventory.ts'
import { definePolicy, unresolved, type Policy } from '../../src/sdk/policy.ts'

const examples = { passes: [], fails: [] }
const common = { signatures: [], since: '0.1.0', examples } as const

/** Denies a pod template without requests: one finding a container. */
export const requests: Policy = definePolicy({
  ...common,
  id: 'compute-test-requests',
  summary: 'Containers have requests.',
  on: ['Deployment', 'Pod'],
  reads: [],
  reasons: {
    missing: {
      baseline: 'deny',
      why: 'The scheduler counts requests, so what asks for nothing is packed on a full node.',
      snippet: 'resources:\n  requests:\n    cpu: 100m\n',
    },
  },
  *check({ kind, object }) {
    const [spec, path] = kind === 'Pod' ? [object.spec, '/spec'] : [object.spec?.template?.spec, '/spec/template/spec']
    for (const [index, container] of (spec?.containers ?? []).entries()) {
      if (container?.resources?.requests?.['cpu']) continue
      yield {
        reason: 'missing',
        path: `${path}/containers/${index}/resources/requests/cpu`,
        message: `container ${String(container?.name)} requests no cpu`,
        fix: 'set resources.requests.cpu',
      }
    }
  },
})

/** Warns of one replica, with the number seen. Asks for the scale subresource too. */
export const replicas: Policy = definePolicy({
  ...common,
  id: 'compute-test-replicas',
  summary: 'Deployments have two replicas.',
  on: ['Deployment', { kind: 'Deployment', subresource: 'scale' }],
  reads: ['Node'],
  reasons: { one: { baseline: 'warn', why: 'One is none.' } },
  *check({ object, inventory }) {
    if (inventory.list('Node') === unknown) yield unresolved('Node')
    const count = object.spec?.replicas ?? 1
    if (count < 2) yield { reason: 'one', path: '/spec/replicas', message: `${count} replicas`, fix: 'set replicas: 2' }
  },
})

/** Fails on objects with the annotation `break`, quoting what it must not. */
export const broken: Policy = definePolicy({
  ...common,
  id: 'compute-test-broken',
  summary: 'Breaks.',
  on: ['Deployment', 'ConfigMap'],
  reads: [],
  readsMetadata: true,
  reasons: { never: { baseline: 'audit', why: '' } },

  *check({ object }) {
    if (object.metadata?.annotations?.['break']) throw new TypeError(`cannot read ${JSON.stringify(object)}`)
  },
})
