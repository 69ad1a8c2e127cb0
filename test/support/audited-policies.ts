import { unknown } from '../../src/sdk/inventory.ts'
import { definePolicy, unresolved, type Policy } from '../../src/sdk/policy.ts'
import { containersOf, podSpecOf } from '../../src/sdk/pod-specs.ts'

const common = { signatures: [], since: '0.1.0', examples: { passes: [], fails: [] } } as const

/** Looks at Pods of controllers too. */
export const image = definePolicy({
  ...common,
  id: 'compute-image',
  summary: 'Images have a tag.',
  on: ['CronJob', 'Deployment', 'ReplicaSet', 'Job', 'Pod', 'StatefulSet'],
  reads: [],
  ownedPods: true,
  reasons: { untagged: { baseline: 'deny', why: 'It changes.' } },
  *check({ kind, object }) {
    const view = podSpecOf(kind, object)
    for (const { container, path } of view ? containersOf(view) : []) {
      if (container.image?.includes(':')) continue
      yield { reason: 'untagged', path: `${path}/image`, message: `${container.name} has no tag`, fix: 'add one' }
    }
  },
})

export const budgeted = definePolicy({
  ...common,
  id: 'compute-budgeted',
  summary: 'Deployments have a budget.',
  on: ['Deployment'],
  reads: ['PodDisruptionBudget'],
  reasons: { none: { baseline: 'deny', absence: true, why: 'A drain takes all.' } },
  *check({ namespace, inventory }) {
    const budgets = inventory.list('PodDisruptionBudget', namespace)
    if (budgets === unknown) return yield unresolved('PodDisruptionBudget')
    if (budgets.length === 0) yield { reason: 'none', path: '/spec', message: 'no budget', fix: 'add one' }
  },
})

export const quiet = definePolicy({
  ...common,
  id: 'identity-quiet',
  summary: 'Secrets are small.',
  on: ['Secret'],
  reads: [],
  reasons: { any: { baseline: 'warn', why: 'Why not.' } },
  *check() {
    yield { reason: 'any', path: '/data', message: 'a Secret', fix: 'none' }
  },
})

const classed = definePolicy({
  ...common,
  id: 'storage-classed',
  summary: 'Claims name a class.',
  on: ['PersistentVolumeClaim', 'StatefulSet'],
  reads: [],
  reasons: { none: { baseline: 'warn', why: 'The default may change.' } },
  *check({ kind, object }) {
    const claims = kind === 'StatefulSet' ? (object.spec?.volumeClaimTemplates ?? []) : [object]
    for (const [index, claim] of claims.entries()) {
      if (claim?.spec?.storageClassName) continue
      const path = `${kind === 'StatefulSet' ? `/spec/volumeClaimTemplates/${index}` : ''}/spec/storageClassName`
      yield { reason: 'none', path, message: 'no class', fix: 'name one' }
    }
  },
})

export const policies: readonly Policy[] = [image, budgeted, quiet, classed]
