import fc from 'fast-check'
import t from 'tap'
import { policies } from '../../policies/index.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { evaluate } from '../../src/engine/evaluate.ts'
import type { Evaluation } from '../../src/engine/finding.ts'
import { parseSettings } from '../../src/engine/parse-settings.ts'
import { defaultSettings, type Settings } from '../../src/engine/settings.ts'
import { settingsApiVersion } from '../../src/engine/settings-schema.ts'
import { buildInventory } from '../../src/inventory/files.ts'
import { kinds } from '../../src/sdk/kinds.ts'
import type { KindName } from '../../src/sdk/objects.ts'
import type { SampleName } from '../../src/sdk/credentials/samples.ts'
import { made, seed } from '../support/credentials.ts'

const rules = policies.filter(({ id }) => id.endsWith('-cloud-credentials'))
const inventory = buildInventory([], { complete: false })

function judge(kind: KindName, object: object, more: { oldObject?: object; user?: string; settings?: Settings } = {}) {
  const info = kinds.get(kind)
  if (!info) throw new Error(kind)
  const { oldObject, user, settings = defaultSettings } = more
  const subject = {
    info,
    apiVersion: info.version,
    namespace: 'default',
    name: 'example',
    operation: oldObject ? ('UPDATE' as const) : ('CREATE' as const),
    subresource: '',
    object,
    ...(oldObject ? { oldObject } : {}),
    ...(user ? { user: { username: user, groups: [] } } : {}),
  }
  return evaluate(createEngine(rules, settings), subject, { inventory, now: 0, frontEnd: 'webhook' })
}

const brief = ({ findings }: Evaluation) =>
  findings.map(({ severity, reason, path }) => `${severity} ${reason} ${path}`)
const secret = (data: { readonly [key: string]: string }, more: object = {}) => ({
  data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, btoa(value)])),
  ...more,
})

t.test('a rotated key warns, one more is refused, and taking one out is never refused', async (t) => {
  const before = secret({ key: made('azure.clientSecret') })
  const rotated = secret({ key: made('azure.clientSecret', 1) })
  t.strictSame(brief(judge('Secret', rotated, { oldObject: before })), ['warn value /data/key'])
  const more = secret({ key: made('azure.clientSecret', 1), other: made('azure.storageKey') })
  t.strictSame(brief(judge('Secret', more, { oldObject: before })), ['deny value /data/other', 'warn value /data/key'])

  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(before) }
  const removed = secret({ greeting: 'hello' }, { metadata: { annotations } })
  t.strictSame(brief(judge('Secret', removed, { oldObject: { ...before, metadata: { annotations } } })), [
    'warn possible /metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration',
  ])
})

t.test('no annotation exempts, and owned pods only warn', async (t) => {
  const annotations = {
    'day2-admission.dev/exempt': rules.map(({ id }) => id).join(),
    'day2-admission.dev/exempt-reason': 'because',
    'day2-admission.dev/exempt-until': '1970-01-02',
  }
  const { findings } = judge('Secret', secret({ key: made('azure.storageKey') }, { metadata: { annotations } }))
  t.match(findings, [{ severity: 'deny', reason: 'value' }])

  const ownerReferences = [{ controller: true, kind: 'ReplicaSet', name: 'web' }]
  const spec = { containers: [{ name: 'web', env: [{ name: 'KEY', value: made('azure.storageKey') }] }] }
  t.strictSame(brief(judge('Pod', { metadata: { ownerReferences }, spec })), [
    'warn value /spec/containers/0/env/0/value',
  ])
  t.strictSame(brief(judge('Pod', { spec })), ['deny value /spec/containers/0/env/0/value'])
})

t.test('an annotation counts on an UPDATE that changes nothing else', async (t) => {
  const template = (annotations: object) => ({
    spec: { template: { metadata: { annotations }, spec: { containers: [] } } },
  })
  const after = template({ token: made('azure.storageKey') })
  t.strictSame(brief(judge('Deployment', after, { oldObject: template({}) })), [
    'deny value /spec/template/metadata/annotations/token',
  ])
  const pod = (annotations: object) => ({ metadata: { annotations }, spec: { containers: [] } })
  t.strictSame(brief(judge('Pod', pod({ token: made('azure.storageKey') }), { oldObject: pod({}) })), [
    'deny value /metadata/annotations/token',
  ])
})

t.test('kinds of Secrets', async (t) => {
  const data = { key: made('azure.storageKey') }
  const type = 'helm.sh/release.v1'
  t.strictSame(brief(judge('Secret', secret({ release: made('azure.storageKey') }, { type }))), [])
  t.strictSame(brief(judge('Secret', secret({ ...data, release: 'x' }, { type }))), ['deny value /data/key'])
  for (const type of ['kubernetes.io/dockerconfigjson', 'kubernetes.io/service-account-token']) {
    t.strictSame(brief(judge('Secret', secret(data, { type }))), [], type)
  }
  for (const type of ['Opaque', 'kubernetes.io/tls', 'kubernetes.io/ssh-auth', 'cluster.x-k8s.io/secret']) {
    t.strictSame(brief(judge('Secret', secret(data, { type }))), ['deny value /data/key'], type)
  }
})

t.test('extra detectors', async (t) => {
  const settings = (detectors: readonly string[]) => {
    const id = 'identity-secret-cloud-credentials'
    const params = { extraDetectors: detectors, canaryAccounts: ['111122223333'] }
    return parseSettings({ apiVersion: settingsApiVersion, kind: 'Settings', rules: { [id]: { params } } }, policies)
  }
  const good = settings(['acme=acme_[A-Za-z0-9]{8}', 'dotted=abc.d~[_+/.~=-]{2}'])
  if (!('settings' in good)) throw new Error('refused')
  const find = (value: string) => brief(judge('Secret', secret({ value }), good))
  t.strictSame(find('token: acme_12345678\n'), ['deny value /data/value'])
  t.strictSame(find('acme_1234567'), [])
  t.strictSame(find('acme_123456789'), [], 'a token stands by itself')
  t.strictSame(find('xacme_12345678 acme_12345678'), ['deny value /data/value'])
  t.strictSame(find('abc.d~/+'), ['deny value /data/value'])
  t.strictSame(find('abcxd~/+'), [], 'a dot is a dot')
  for (const unsafe of [
    'x=(a+)+b',
    'x=abc.*',
    'x=[a-z]{4}',
    'x=abc[z-a]',
    'x=abc[a-z]{0}',
    'x=abc|d',
    'X=abcd',
    'abcd',
  ]) {
    t.ok('errors' in settings([unsafe]), `${unsafe} is refused`)
  }
})

t.test('nothing that the rules say holds six characters of a value', async () => {
  const names: readonly SampleName[] = [
    'aws.keyId',
    'aws.temporaryKeyId',
    'aws.secretKey',
    'azure.clientSecret',
    'azure.storageKey',
    'azure.annotatedKey',
    'google.apiKey',
  ]
  const plants = fc.array(fc.tuple(fc.constantFrom(...names), fc.nat(1e6)), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(plants, (planted) => {
      const values = planted.map(([name, nth]) => made(name, nth))
      const data = Object.fromEntries(
        values.map((value, index) => [index === 0 ? 'AWS_SECRET_ACCESS_KEY' : `k${index}`, value]),
      )
      const env = Object.entries(data).map(([name, value]) => ({ name, value }))
      const said = [
        judge('Secret', secret(data)),
        judge('Secret', secret({ file: JSON.stringify(data) }, { stringData: data })),
        judge('ConfigMap', { data }),
        judge('Pod', { metadata: { annotations: data }, spec: { containers: [{ name: 'web', env, args: values }] } }),
      ]
      // The account is public, and the id holds it in no readable form.
      const output = JSON.stringify(said).replaceAll(/account \d{12}/g, '')
      return values.every((value) => !slices(value).some((slice) => output.includes(slice)))
    }),
    { seed, numRuns: 100 },
  )
})

function slices(value: string): readonly string[] {
  return Array.from({ length: Math.max(0, value.length - 5) }, (_, i) => value.slice(i, i + 6))
}
