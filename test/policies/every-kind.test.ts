import t from 'tap'
import { exampleNow, exampleSettings, readExample } from '../../docs/examples.ts'
import { policies } from '../../policies/index.ts'
import { createEngine, targetsOf } from '../../src/engine/engine.ts'
import { evaluate } from '../../src/engine/evaluate.ts'
import { kinds, podKinds } from '../../src/sdk/kinds.ts'
import type { AnyObject, KindName } from '../../src/sdk/objects.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import type { Policy } from '../../src/sdk/policy.ts'
import { memberOf, recordOf } from '../../src/sdk/shape.ts'

// Rules that ask for more than the pod spec, by a piece of the names of such examples; '' for all of them.
const exceptions: ReadonlyMap<string, readonly string[]> = new Map([])

/**
 * A rule about pod specs finds the same in every kind that holds one, if it judges that kind and does not depend on the
 * kind itself: replicas, strategies, claim templates, owners.
 */
for (const policy of policies) {
  const judged = podKinds.filter((kind) =>
    targetsOf(policy).some((target) => target.kind === kind && target.subresource === ''),
  )
  if (judged.length < podKinds.length) continue
  t.test(`${policy.id}: the same in every kind that holds a pod spec`, async (t) => {
    const list = [policy]
    for (const example of policy.examples.fails) {
      const { subject, inventory } = readExample(example)
      const view = podSpecOf(subject.info.kind, subject.object)
      if (!view || example.oldObject || example.subresource || dependsOnKind(policy, example.name)) continue
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

function dependsOnKind(policy: Policy, name: string): boolean {
  return exceptions.get(policy.id)?.some((each) => each === '' || name.includes(each)) ?? false
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
