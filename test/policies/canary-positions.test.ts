import t from 'tap'
import { exampleNow, exampleSettings, readExample } from '../../docs/examples.ts'
import { policies } from '../../policies/index.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { evaluate } from '../../src/engine/evaluate.ts'
import { sample } from '../../src/sdk/credentials/samples.ts'
import type { AnyObject } from '../../src/sdk/objects.ts'

const canary = sample('aws.secretKey', 4711)

const quotedAnnotations = [
  'kubernetes.io/service-account.name',
  'healthcheck-port',
  'healthcheck-path',
  '_port',
  '-path',
]
const names = /(^|\/| )(name|[a-z]\w*Name|names\/\*|key|host|provisioner|serviceAccount|topologyKey)$/

const quantities = /\/(limits|requests|hard|limits\/\*\/(min|max|default|defaultRequest|maxLimitRequestRatio))\/[^/]+$/

/**
 * Findings are all that the answers, reports, logs and metrics are made of. A credential is put into every place of
 * every example where a string stands, one at a time; where a finding then repeats it, that must be a place that
 * findings have to name.
 */
t.test('findings repeat nothing but names, whatever stands in the objects', async (t) => {
  const leaking = new Map<string, string>()
  let planted = 0
  for (const policy of policies) {
    const list = [policy]
    for (const example of policy.examples.fails) {
      const { subject, inventory } = readExample(example)
      const engine = createEngine(list, exampleSettings(list, policy, example, 'strict'))
      for (const path of stringsIn(subject.object)) {
        const object = withText(subject.object, path, canary)
        planted++
        const said = evaluate(
          engine,
          { ...subject, object },
          { inventory, now: exampleNow, frontEnd: example.frontEnd ?? 'webhook' },
        )
        if (JSON.stringify(said).includes(canary.slice(0, 20)))
          leaking.set(
            `${subject.info.kind} ${path.join('/')}`.replace(/\/\d+(?=\/|$)/g, '/*'),
            `${policy.id}: ${example.name}`,
          )
      }
    }
  }
  const unexpected = [...leaking].filter(([place]) => !mayBeNamed(place))
  t.strictSame(unexpected, [], 'only names, and quantities that are none')
  t.ok(planted > 1000, `${planted} places`)
  t.ok(leaking.has('Deployment metadata/name'), 'and the test sees a leak where there is one')
})

/** Whether a finding has to repeat what stands here: what identifies an object, and a quantity that cannot be read. */
function mayBeNamed(place: string): boolean {
  if (/\/(data|stringData|binaryData|args|command)\//.test(place) || /\/env\/\*\/value$/.test(place)) return false
  if (place.includes('/annotations/')) return quotedAnnotations.some((key) => place.endsWith(key))
  // What the scheduler and the probes are told is a place, not a secret.
  if (/\/(nodeSelector|matchExpressions\/\*|matchFields\/\*|httpGet)\//.test(place)) return true
  // Snippets show by which labels pods are selected, and under which path an application reads its token.
  if (/\/(matchLabels|labels)\/|\/serviceAccountToken\/path$/.test(place)) return true
  return names.test(place) || quantities.test(place)
}

function stringsIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value === 'string') return [path]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) => stringsIn(member, [...path, key]))
}

function withText(object: AnyObject, path: readonly string[], text: string): AnyObject {
  const copy = structuredClone(object)
  // The path was found in the object of which this is a copy.
  let holder = copy as unknown as Record<string, unknown>
  for (const key of path.slice(0, -1)) holder = holder[key] as Record<string, unknown>
  holder[path.at(-1) ?? ''] = path.includes('data') && copy.kind === 'Secret' ? btoa(text) : text
  return copy
}
