import fc from 'fast-check'
import t from 'tap'
import { policies } from '../../policies/index.ts'
import { sample, type SampleName } from '../../src/sdk/credentials/samples.ts'
import { review, type Review } from '../support/reviews.ts'
import { startTestWebhook } from '../support/webhook.ts'

const samples: SampleName[] = [
  'aws.keyId',
  'aws.secretKey',
  'aws.sessionToken',
  'google.serviceAccountKey',
  'google.apiKey',
  'google.userCredentials',
  'azure.clientSecret',
  'azure.storageConnectionString',
  'azure.storageKey',
  'azure.accessSignature',
]

// A credential, or a text that only looks like one to nobody; in the clear, packed, and in the middle of other text.
const value = fc
  .tuple(
    fc.oneof(
      fc
        .tuple(fc.constantFrom(...samples), fc.integer({ min: 1, max: 1000 }))
        .map(([name, seed]) => sample(name, seed)),
      fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 24, maxLength: 60 }),
    ),
    fc.constantFrom<(text: string) => string>(
      (text) => text,
      (text) => `password: ${text}\n`,
      (text) => JSON.stringify({ nested: { secret: text } }),
      (text) => Buffer.from(text).toString('base64'),
    ),
  )
  .map(([secret, wrap]) => ({ secret, text: wrap(secret) }))

const key = fc.constantFrom(
  'AWS_SECRET_ACCESS_KEY',
  'password',
  'config.yaml',
  'credentials.json',
  '__proto__',
  '.npmrc',
)

t.test('no piece of a value reaches the answer, the log or the metrics', async (t) => {
  const webhook = await startTestWebhook(t, { policies, level: 'debug' })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(key, value), { minLength: 1, maxLength: 4 }), async (entries) => {
      const texts = entries.map(([name, { text }]) => [name, text] as const)
      const encoded = texts.map(([name, text]) => [name, Buffer.from(text).toString('base64')] as const)
      const answers = await Promise.all(
        [
          object('', 'Secret', 'secrets', { data: Object.fromEntries(encoded) }),
          object('', 'ConfigMap', 'configmaps', { data: Object.fromEntries(texts) }),
          workload(texts),
        ].map(async (body) => (await webhook.send(JSON.stringify(body))).text),
      )
      const told = [...answers, JSON.stringify(webhook.lines().slice(-12)), await webhook.metrics.text()].join('\n')
      const leaked = entries.flatMap(([, { secret, text }]) =>
        [secret, text, Buffer.from(text).toString('base64')].flatMap((whole) =>
          pieces(whole).filter((piece) => told.includes(piece)),
        ),
      )
      return leaked.length === 0
    }),
    { numRuns: 60 },
  )
  for (const name of samples) t.ok(pieces(sample(name)).length > 0, `${name} would be seen`)
  t.ok(webhook.lines().length > 100)
  t.match(
    await webhook.metrics.text(),
    /day2_findings_total\{rule="identity-secret-cloud-credentials",severity="deny"\} \d+/,
  )
})

/** Runs of characters that no sentence of ours holds by chance, from the parts of a value that are not public words. */
function pieces(value: string): string[] {
  const runs = value.match(/[A-Za-z0-9+/=_~.-]{16,}/g) ?? []
  return runs.filter((run) => /\d/.test(run)).map((run) => run.slice(-16))
}

function object(group: string, kind: string, resource: string, content: object): Review {
  const body = review('configmap-odd-keys')
  body.request['kind'] = { group, version: 'v1', kind }
  body.request['resource'] = { group, version: 'v1', resource }
  body.request.object = { apiVersion: 'v1', kind, metadata: { name: 'web', namespace: 'shop' }, ...content }
  return body
}

function workload(entries: readonly (readonly [string, string])[]): Review {
  const body = review('deployment-create')
  const annotations = Object.fromEntries(entries)
  const env = entries.map(([name, value]) => ({ name, value }))
  const args = entries.map(([name, value]) => `--${name}=${value}`)
  const spec = { containers: [{ name: 'web', env, args }] }
  body.request.object = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop', annotations },
    spec: { template: { metadata: { annotations }, spec } },
  }
  return body
}
