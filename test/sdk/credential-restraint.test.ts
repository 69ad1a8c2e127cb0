import fc from 'fast-check'
import t from 'tap'
import { detectCredentials } from '../../src/sdk/credentials/detect.ts'
import { expandSamples } from '../../src/sdk/credentials/samples.ts'
import type { SampleName } from '../../src/sdk/credentials/samples.ts'
import { found, made, seed } from '../support/credentials.ts'
import type { Values } from '../support/credentials.ts'

t.comment(`seed ${seed}`)

await t.test('what must not be found', async (t) => {
  const secret = made('aws.secretKey')
  const guid = made('azure.clientId')
  const harmless: readonly Values[] = [
    { credentials: '[default]\nrole_arn = arn:aws:iam::111122223333:role/app\nweb_identity_token_file = /var/run/t\n' },
    { AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/app', AWS_WEB_IDENTITY_TOKEN_FILE: '/var/run/secrets/token' },
    { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.23/v1/credentials', AWS_REGION: 'eu-central-1' },
    { config: '[default]\ncredential_process = /opt/bin/fetch\nsts_regional_endpoints = regional\n' },
    Object.fromEntries(
      ['AGPA', 'AIDA', 'AIPA', 'ANPA', 'ANVA', 'APKA', 'AROA', 'ASCA'].map((kind) => [
        kind,
        kind + made('aws.keyId').slice(4),
      ]),
    ),
    {
      AWS_ACCESS_KEY_ID: `AKIA${'IOSFODNN7'}EXAMPLE`,
      AWS_SECRET_ACCESS_KEY: `wJalrXUtnFEMI/K7MDENG/${'bPxRfiCY'}EXAMPLEKEY`,
    },
    {
      a: `AKIA${'X'.repeat(16)}`,
      b: `AKIA${'ABCDEFGHIJKLMNOP'}`,
      c: `x${made('aws.keyId')}`,
      d: `${made('aws.keyId')}0`,
    },
    { AWS_ACCESS_KEY_ID: '$(KEY)', AWS_SECRET_ACCESS_KEY: '${SECRET}', ARM_CLIENT_SECRET: '{{ .Values.secret }}' },
    { AWS_SECRET_ACCESS_KEY: '<your secret key>', AZURE_CLIENT_SECRET: 'changeme', AZURE_STORAGE_KEY: 'REPLACE_ME' },
    { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    { AWS_ACCESS_KEY_ID: `LKIA${made('aws.keyId').slice(4)}`, AWS_SECRET_ACCESS_KEY: secret },
    {
      AWS_SECRET_ACCESS_KEY: 'ENC[AES256_GCM,data:aGVsbG8=,iv:x,tag:y,type:str]',
      GOOGLE_CREDENTIALS: 'vault:kv/app#key',
    },
    { AWS_SECRET_ACCESS_KEY: 'ref+awssecrets://app', AZURE_CLIENT_SECRET: '@Microsoft.KeyVault(SecretUri=x)' },
    { GOOGLE_CREDENTIALS: 'projects/1/secrets/a/versions/2', GCP_CREDENTIALS: '/var/run/secrets/gcp/key.json' },
    { GOOGLE_CREDENTIALS: made('google.federation') },
    { GOOGLE_CREDENTIALS: JSON.stringify({ type: 'service_account', client_email: 'a@b.iam.gserviceaccount.com' }) },
    {
      k: made('google.serviceAccountKey').replace(
        /"private_key":"[^"]*"/,
        `"private_key":"-----BEGIN ${'PRIVATE'} KEY-----\\n...\\n-----END ${'PRIVATE'} KEY-----"`,
      ),
    },
    {
      k: made('google.serviceAccountKey').replace(
        /"client_email":"[^"]*"/,
        '"client_email":"image-pulling@authenticated-image-pulling.iam.gserviceaccount.com"',
      ),
    },
    { AZURE_FEDERATED_TOKEN_FILE: '/var/run/t', AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.com/' },
    { AZURE_TENANT_ID: guid, AZURE_CLIENT_ID: guid, AZURE_SUBSCRIPTION_ID: guid },
    {
      'azure.json': JSON.stringify({
        tenantId: guid,
        aadClientId: 'msi',
        aadClientSecret: 'msi',
        useManagedIdentityExtension: true,
      }),
    },
    {
      APPLICATIONINSIGHTS_CONNECTION_STRING: `InstrumentationKey=${guid};IngestionEndpoint=https://x.in.applicationinsights.azure.com/`,
    },
    { AZURE_STORAGE_CONNECTION_STRING: 'UseDevelopmentStorage=true' },
    { f: `AccountName=devstoreaccount1;AccountKey=${made('azure.oldStorageKey')};BlobEndpoint=http://azurite:10000/` },
    { f: `Endpoint=sb://localhost;SharedAccessKeyName=R;SharedAccessKey=${secret}abc=;UseDevelopmentEmulator=true;` },
    { sha: '2fd4e1c67a2d28fced849ee1bb76e7391b93eb12', image: 'registry@sha256:' + 'ab12'.repeat(16) },
    { token: `eyJhbGciOiJub25lIn0.${btoa(JSON.stringify({ sub: 'x'.repeat(300) }))}.` },
    {
      'tls.key': `-----BEGIN ${'RSA PRIVATE'} KEY-----\n${'MIIEowIBAAKCAQEA'.repeat(20)}\n-----END ${'RSA PRIVATE'} KEY-----\n`,
    },
    { f: `{"private_key":`, g: '[[[[', h: '{"a":'.repeat(5000), i: '"client_secret"}{"appId"' },
  ]
  for (const values of harmless) t.strictSame(found(t, values), [], JSON.stringify(values).slice(0, 100))
})

await t.test('stores that speak S3 and are not Amazon', async (t) => {
  const minio = { AWS_ACCESS_KEY_ID: 'minioadmin', AWS_SECRET_ACCESS_KEY: 'minioadmin' }
  t.strictSame(found(t, minio), ['AWS_ACCESS_KEY_ID name aws-id-name', 'AWS_SECRET_ACCESS_KEY name aws-secret-name'])
  t.strictSame(found(t, { ...minio, AWS_ENDPOINT_URL: 'http://minio:9000' }), [])
  const ceph = { AWS_ACCESS_KEY_ID: 'C9D8E7F6A5B4C3D2E1F0', AWS_SECRET_ACCESS_KEY: made('aws.secretKey') }
  t.strictSame(found(t, ceph), ['AWS_ACCESS_KEY_ID name aws-id-name', 'AWS_SECRET_ACCESS_KEY possible aws-secret-key'])
  t.strictSame(found(t, { ...ceph, BUCKET_HOST: 'rook-ceph-rgw.rook' }), [])
  t.strictSame(found(t, { ...ceph, S3_ENDPOINT: '${ENDPOINT}' }), [], 'an endpoint that is not known yet')
  const file = `endpoint: rgw:80\naws_secret_access_key: ${made('aws.secretKey')}\n`
  t.strictSame(found(t, { f: file }), [])
  t.strictSame(
    found(t, { f: file, AWS_SECRET_ACCESS_KEY: made('aws.secretKey', 1) }),
    ['AWS_SECRET_ACCESS_KEY possible aws-secret-key'],
    'the endpoint of a file is that of the keys in it',
  )
  for (const name of ['endpoint', 'ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'AWS_ENDPOINT_URL_STS']) {
    t.strictSame(
      found(t, { ...ceph, [name]: 'http://collector:4317' }),
      ['AWS_ACCESS_KEY_ID name aws-id-name', 'AWS_SECRET_ACCESS_KEY possible aws-secret-key'],
      `${name} need not be that of a store`,
    )
  }
  const real = { AWS_ACCESS_KEY_ID: made('aws.keyId'), AWS_SECRET_ACCESS_KEY: made('aws.secretKey') }
  const hosts = ['https://s3.eu-central-1.amazonaws.com', 's3.cn-north-1.amazonaws.com.cn:443', 'https://s3.api.aws/x']
  for (const AWS_ENDPOINT_URL of hosts) {
    t.match(found(t, { ...real, AWS_ENDPOINT_URL }), [/ certain /, / certain /], AWS_ENDPOINT_URL)
  }
  for (const AWS_ENDPOINT_URL of ['https://amazonaws.com.example.org', 'https://r2.cloudflarestorage.com']) {
    t.match(found(t, { ...real, AWS_ENDPOINT_URL }), [/ certain /, / certain /], 'nobody else hands out such ids')
  }
  for (const endpoint of ['https://s3.eu-isoe-west-1.cloud.adc-e.uk', 'https://s3.us-isof-south-1.csp.hci.ic.gov/x']) {
    t.strictSame(
      found(t, { AWS_SECRET_ACCESS_KEY: made('aws.secretKey'), S3_ENDPOINT: endpoint }),
      ['AWS_SECRET_ACCESS_KEY possible aws-secret-key'],
      endpoint,
    )
  }
})

await t.test('names that tell, over values that nothing recognises', async (t) => {
  t.strictSame(found(t, { 'aws-secret-access-key': 'hunter2hunter2', AwsSecretKey: 'x1' }), [
    'aws-secret-access-key name aws-secret-name',
    'AwsSecretKey name aws-secret-name',
  ])
  t.strictSame(found(t, { AWS_SESSION_TOKEN: 'x1', clientSecret: 'hunter2', password: 'x' }), [])
  t.strictSame(found(t, { gcpCredentials: 'hunter2' }), ['gcpCredentials name credential-name'])
  t.strictSame(found(t, { __proto__x: 'x', constructor: 'x', ['__proto__']: 'x', toString: 'x' }), [])
  const blob = { AZURE_CLIENT_SECRET: '\0\x01\x02\x03' }
  t.strictSame(
    found(t, blob),
    ['AZURE_CLIENT_SECRET name client-secret-name'],
    'of binary values only the name is read',
  )
})

await t.test('samples', async (t) => {
  const text = "{a: '{{sample.aws.keyId}}', b: '{{sample.aws.keyId|base64}}', c: '{{ .Values.x }}'}"
  const expanded = expandSamples(text)
  t.equal(expanded, expandSamples(text), 'the same in every run')
  t.not(expanded, expandSamples(text, 2))
  t.match(expanded, /^\{a: 'AKIA[A-Z2-7]{16}', b: 'QUtJQ[\w=]+', c: '\{\{ \.Values\.x \}\}'\}$/)
  t.throws(() => expandSamples('{{sample.nobody}}'), /no sample is called nobody/)
  t.strictSame(found(t, { example: text }), [], 'an example that is not expanded holds nothing to be found')
})

const names: readonly SampleName[] = [
  'aws.keyId',
  'aws.oldKeyId',
  'aws.temporaryKeyId',
  'aws.secretKey',
  'aws.sessionToken',
  'aws.bedrockKey',
  'google.serviceAccountKey',
  'google.userCredentials',
  'google.hmacKeyId',
  'google.apiKey',
  'azure.clientSecret',
  'azure.shapelessClientSecret',
  'azure.storageKey',
  'azure.oldStorageKey',
  'azure.storageConnectionString',
  'azure.annotatedKey',
  'azure.accessSignature',
]
const keys = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'cloud', 'clientSecret', 'azurestorageaccountkey', 'x']

await t.test('no six characters of a value in what is found', async () => {
  const planted = fc.record({
    name: fc.constantFrom(...names),
    key: fc.constantFrom(...keys),
    nth: fc.integer({ min: 0, max: 1e6 }),
    shape: fc.constantFrom('bare', 'line', 'json', 'base64'),
  })
  fc.assert(
    fc.property(fc.array(planted, { minLength: 1, maxLength: 5 }), (plants) => {
      const texts = plants.map(({ name, key, nth, shape }, index) => {
        const value = made(name, nth)
        const text =
          shape === 'line' ? `a: 1\n${key}: ${value}\n` : shape === 'json' ? JSON.stringify({ [key]: value }) : value
        const form = made(name, nth + 1)
        return { key, value, form, path: `/data/${index}`, text: shape === 'base64' ? btoa(value) : text }
      })
      const hits = detectCredentials(
        texts.map(({ key, path, text }) => ({ key, path, text: btoa(text), encoding: 'base64' })),
      )
      // The account is public, and stands in the id in no readable form.
      const output = hits.flatMap(({ account: _, ...hit }) => Object.values(hit)).join('\n')
      // What every credential of a form has in common is no secret.
      const fragments = texts.flatMap(({ value, form }) => {
        const all = Array.from({ length: Math.max(0, value.length - 5) }, (_, i) => value.slice(i, i + 6))
        return all.filter((fragment) => !form.includes(fragment))
      })
      return !fragments.some((fragment) => output.includes(fragment))
    }),
    { seed, numRuns: 300 },
  )
})

await t.test('random text holds no credential', async (t) => {
  // The generator behind the samples is cheap enough for some MiB; a run of 64 KiB is one field.
  const alphabets: readonly BufferEncoding[] = ['base64', 'base64url', 'hex', 'latin1']
  for (const alphabet of alphabets) {
    const hits: unknown[] = []
    for (let i = 0; i < 32; i++) {
      const bytes = crypto.getRandomValues(new Uint8Array(49_152))
      const text = Buffer.from(bytes).toString(alphabet)
      const wrapped = text.replaceAll(/.{64}/gs, '$&\n')
      for (const value of [text, wrapped])
        hits.push(...detectCredentials([{ path: '/v', key: 'v', text: value, encoding: 'plain' }]))
    }
    t.strictSame(hits, [], `megabytes of ${alphabet}`)
  }
})
