import fc from 'fast-check'
import t from 'tap'
import { annotationFields, containerFields } from '../../src/sdk/credentials/container-fields.ts'
import { mayAnnotateCredentials, mayHoldCredentials } from '../../src/sdk/credentials/container-gate.ts'
import { detectCredentials } from '../../src/sdk/credentials/detect.ts'
import type { SampleName } from '../../src/sdk/credentials/samples.ts'
import { containersOf, podSpecOf } from '../../src/sdk/pod-specs.ts'
import { made, seed } from '../support/credentials.ts'

t.comment(`seed ${seed}`)

const samples: readonly SampleName[] = [
  'aws.keyId',
  'aws.oldKeyId',
  'aws.temporaryKeyId',
  'aws.secretKey',
  'aws.sessionToken',
  'aws.bedrockKey',
  'google.serviceAccountKey',
  'google.hmacKeyId',
  'google.apiKey',
  'azure.clientId',
  'azure.tenantId',
  'azure.clientSecret',
  'azure.shapelessClientSecret',
  'azure.storageKey',
  'azure.oldStorageKey',
  'azure.storageConnectionString',
  'azure.accessSignature',
]
const names = [
  ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AZURE_CLIENT_ID', 'AZURE_TENANT_ID', 'AZURE_CLIENT_SECRET'],
  ...['AZURE_STORAGE_KEY', 'AWS_ENDPOINT_URL', 'GOOGLE_CREDENTIALS', 'LOG_LEVEL', 'TOKEN'],
]
const value = fc.oneof(
  fc.record({ name: fc.constantFrom(...samples), nth: fc.nat(99), shape: fc.nat(4) }).map(({ name, nth, shape }) => {
    const text = made(name, nth)
    return [text, btoa(text), `a: ${text}\nb: 1`, JSON.stringify({ secret_key: text }), `${text} `][shape] ?? text
  }),
  fc.constantFrom('', 'info', 'minioadmin', 'http://minio:9000', '$(OTHER)', 'registry.example.com/a/long/path/to/x'),
  fc.string({ maxLength: 40 }),
)
const name = fc.constantFrom(...names)
const entry = fc.oneof(
  fc.record({ name, value }),
  fc.record({ name, valueFrom: fc.constant({ secretKeyRef: { name: 'a', key: 'b' } }) }),
  fc.constantFrom(null, 1, {}, { name: 1, value: 2 }),
)
const word = fc.oneof(
  value,
  fc.tuple(name, value).map(([name, value]) => `--${name.toLowerCase().replaceAll('_', '-')}=${value}`),
  name.map((name) => `-${name}`),
)

await t.test('what the gate lets pass, no detector finds', async (t) => {
  let passed = 0
  let stopped = 0
  fc.assert(
    fc.property(
      fc.record({
        env: fc.array(entry, { maxLength: 4 }),
        command: fc.array(word, { maxLength: 2 }),
        args: fc.array(word, { maxLength: 3 }),
      }),
      fc.dictionary(fc.constantFrom('a', 'b/c', '__proto__'), value, { maxKeys: 2 }),
      (container, annotations) => {
        const view = podSpecOf('Pod', { metadata: { annotations }, spec: { containers: [container] } })
        const [found] = view ? containersOf(view) : []
        if (!view || !found) return false
        const open = mayHoldCredentials(found)
        if (open) stopped++
        else passed++
        return (
          (open || detectCredentials(containerFields(found)).length === 0) &&
          (mayAnnotateCredentials(view) || detectCredentials(annotationFields(view)).length === 0)
        )
      },
    ),
    { seed, numRuns: 3000 },
  )
  t.ok(passed > 50 && stopped > 50, `${passed} passed, ${stopped} looked at`)
})

await t.test('ordinary containers pass', async (t) => {
  const env = [
    { name: 'LOG_LEVEL', value: 'info' },
    { name: 'DATABASE_URL', value: 'postgres://app@db.default.svc:5432/app?sslmode=require' },
    { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: 'http://collector.observability:4317' },
    { name: 'AWS_SECRET_ACCESS_KEY', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } },
  ]
  const container = { name: 'web', env, command: ['/bin/web'], args: ['--config=/etc/web/config.yaml', '--v=2'] }
  const view = podSpecOf('Pod', { spec: { containers: [container] } })
  t.strictSame(view && containersOf(view).map(mayHoldCredentials), [false])
  t.equal(view && mayAnnotateCredentials(view), false)
})
