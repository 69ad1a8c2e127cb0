import t from 'tap'
import { exampleNow, exampleSettings, readExample } from '../../docs/examples.ts'
import { policies } from '../../policies/index.ts'
import { createEngine, targetsOf } from '../../src/engine/engine.ts'
import { evaluate } from '../../src/engine/evaluate.ts'
import { kinds, podKinds } from '../../src/sdk/kinds.ts'
import type { AnyObject, KindName } from '../../src/sdk/objects.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { memberOf, recordOf } from '../../src/sdk/shape.ts'

// Rules that count replicas, or to which it matters that a kind ends, is on each node, or is rolled out.
const counting: ReadonlySet<string> = new Set([
  'compute-do-not-evict',
  'compute-hard-anti-affinity',
  'compute-hard-topology-spread',
  'compute-node-pinning',
  'compute-quota-unspecified',
  'compute-request-exceeds-node',
])

/**
 * A rule about pod specs finds the same in every kind that holds one.
 */
for (const policy of policies) {
  const judged = podKinds.filter((kind) =>
    targetsOf(policy).some((target) => target.kind === kind && target.subresource === ''),
  )
  if (judged.length < podKinds.length || counting.has(policy.id)) continue
  t.test(`${policy.id}: the same in every kind that holds a pod spec`, async (t) => {
    const list = [policy]
    for (const example of policy.examples.fails) {
      const { subject, inventory } = readExample(example)
      const view = podSpecOf(subject.info.kind, subject.object)
      if (!view || example.oldObject || example.subresource) continue
      if (memberOf(memberOf(subject.object, 'spec'), 'volumeClaimTemplates') !== undefined) continue
      const engine = createEngine(list, exampleSettings(list, policy, example, 'strict'))
      const foundIn = (kind: KindName): unknown => {
        const info = kinds.get(kind)
        if (!info) throw new Error(kind)
        const object =
          kind === subject.info.kind ? subject.object : wrapped(kind, view.metadata, view.spec, subject.object)
        const { findings, unresolved } = evaluate(
          engine,
          { ...subject, info, object },
          { inventory, now: exampleNow, frontEnd: example.frontEnd ?? 'webhook' },
        )
        const own = podSpecOf(kind, object)
        const place = (path: string) =>
          path.replace(own?.path ?? '', 'SPEC').replace(own?.metadataPath ?? '', 'METADATA')
        return [
          ...findings.map(({ reason, path }) => `${reason} ${place(path)}`),
          ...unresolved.map(({ kind }) => `unresolved ${kind}`),
        ].sort()
      }
      const expected = foundIn(subject.info.kind)
      for (const kind of judged) {
        if (kind === 'Pod' || subject.info.kind === 'Pod') continue
        t.strictSame(foundIn(kind), expected, `${example.name}, in a ${kind}`)
      }
    }
  })
}

function wrapped(kind: KindName, metadata: object, spec: object, from: AnyObject): AnyObject {
  const template = { metadata, spec }
  const own = { apiVersion: 'v1', kind, metadata: from.metadata ?? {} }
  if (kind === 'PodTemplate') return { ...own, ...{ template } }
  if (kind === 'CronJob') return { ...own, ...{ spec: { jobTemplate: { spec: { template } } } } }
  const replicas = recordOf(memberOf(from, 'spec'))?.['replicas']
  return {
    ...own,
    ...{
      spec: {
        ...(replicas === undefined ? {} : { replicas }),
        selector: memberOf(memberOf(from, 'spec'), 'selector'),
        template,
      },
    },
  }
}
