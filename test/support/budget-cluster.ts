import { policies } from '../../policies/index.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { evaluate } from '../../src/engine/evaluate.ts'
import type { Finding } from '../../src/engine/finding.ts'
import { defaultSettings, type Profile } from '../../src/engine/settings.ts'
import type { Subject } from '../../src/engine/subject.ts'
import { buildInventory, type Entry } from '../../src/inventory/files.ts'
import { kinds } from '../../src/sdk/kinds.ts'
import type { AnyObject, KindName } from '../../src/sdk/objects.ts'

const budgetPolicies = policies.filter(({ id }) => id.startsWith('compute-pdb-'))
const engines = {
  baseline: createEngine(budgetPolicies, defaultSettings),
  strict: createEngine(budgetPolicies, { ...defaultSettings, profile: 'strict' }),
}

export interface Named extends Entry {
  readonly object: AnyObject
}

export function entry(kind: KindName, name: string, spec: object): Named {
  const info = kinds.get(kind)
  const apiVersion = [info?.group, info?.version].filter(Boolean).join('/')
  return { kind, namespace: 'default', name, object: { apiVersion, kind, metadata: { name }, spec } as AnyObject }
}

export const workload = (kind: KindName, name: string, app: string, replicas: number): Named =>
  entry(kind, name, { replicas, template: { metadata: { labels: { app } }, spec: { containers: [] } } })
export const budget = (name: string, spec: object): Named => entry('PodDisruptionBudget', name, spec)
export const autoscaler = (
  name: string,
  kind: string,
  target: string,
  minReplicas: number,
  maxReplicas: number,
): Named =>
  entry('HorizontalPodAutoscaler', name, {
    minReplicas,
    maxReplicas,
    scaleTargetRef: { apiVersion: 'apps/v1', kind, name: target },
  })

/** What the rules about budgets find in an object, beside what is there. */
export function review(
  subject: Named,
  cluster: readonly Named[],
  { profile = 'baseline', subresource = '', before }: { profile?: Profile; subresource?: string; before?: Named } = {},
): readonly Finding[] {
  const info = kinds.get(subject.kind)
  if (!info) throw new Error(subject.kind)
  const reviewed: Subject = {
    info,
    apiVersion: subject.object.apiVersion ?? '',
    namespace: subject.namespace,
    name: subject.name,
    operation: before || subresource ? 'UPDATE' : 'CREATE',
    subresource,
    object: subject.object,
    ...(before ? { oldObject: before.object } : {}),
  }
  const inventory = buildInventory(cluster, { complete: true })
  return evaluate(engines[profile], reviewed, { inventory, now: 0, frontEnd: 'webhook' }).findings
}

export const lines = (findings: readonly Finding[]) =>
  findings.map(({ rule, reason, severity }) => `${rule} ${reason} ${severity}`)
