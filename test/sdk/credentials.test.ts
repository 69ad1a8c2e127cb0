import fc from 'fast-check'
import t from 'tap'
import { detectCredentials } from '../../src/sdk/credentials/detect.ts'
import type { DetectOptions } from '../../src/sdk/credentials/detect.ts'
import type { Field } from '../../src/sdk/credentials/hit.ts'
import { marvin } from '../../src/sdk/credentials/marvin.ts'
import { expandSamples, sample } from '../../src/sdk/credentials/samples.ts'
import type { SampleName } from '../../src/sdk/credentials/samples.ts'

// A seed of its own for every run: what holds, holds for any credential of the form.
const seed = Math.floor(Math.random() * 2 ** 31)
const made = (name: SampleName, nth = 0) => sample(name, seed + nth)

type Values = { readonly [key: string]: string }

function fields(values: Values, encoding: Field['encoding'] = 'base64'): readonly Field[] {
  return Object.entries(values).map(([key, value]) => ({
    path: `/data/${key}`,
    key,
    text: encoding === 'base64' ? Buffer.from(value).toString('base64') : value,
    encoding,
  }))
}

/** Findings as `key level detector`, the same for both encodings. */
function found(values: Values, options?: DetectOptions): readonly string[] {
  const [encoded, plain] = (['base64', 'plain'] as const).map((encoding) =>
    detectCredentials(fields(values, encoding), options).map(
      ({ path, level, detector, line }) => `${path.slice(6)} ${level} ${detector}${line ? ` line ${line}` : ''}`,
    ),
  )
  t.strictSame(encoded, plain, `base64 and plain text agree on ${Object.keys(values).join()}`)
  return encoded ?? []
}

t.comment(`seed ${seed}`)

await t.test('tokens that speak for themselves', async (t) => {
  const expected: readonly (readonly [SampleName, string | undefined])[] = [
    ['aws.keyId', 'likely aws-access-key'],
    ['aws.oldKeyId', 'possible aws-access-key'],
    ['aws.temporaryKeyId', 'possible aws-temporary-key'],
    ['aws.bedrockKey', 'certain aws-bedrock-key'],
    ['aws.secretKey', undefined],
    ['aws.sessionToken', undefined],
    ['google.serviceAccountKey', 'certain gcp-service-account-key'],
    ['google.userCredentials', 'certain gcp-user-credentials'],
    ['google.hmacKeyId', 'possible gcp-hmac-key'],
    ['google.apiKey', 'possible gcp-api-key'],
    ['google.oauthClientSecret', 'possible gcp-oauth-client-secret'],
    ['google.accessToken', 'possible gcp-access-token'],
    ['google.federation', undefined],
    ['azure.clientSecret', 'certain azure-client-secret'],
    ['azure.oldClientSecret', 'certain azure-client-secret'],
    ['azure.shapelessClientSecret', undefined],
    ['azure.clientId', undefined],
    ['azure.storageKey', 'certain azure-storage-key'],
    ['azure.oldStorageKey', undefined],
    ['azure.serviceBusKey', 'certain azure-service-bus-key'],
    ['azure.registryKey', 'certain azure-container-registry-key'],
    ['azure.storageConnectionString', 'certain azure-storage-connection-string'],
    ['azure.annotatedKey', 'certain azure-annotated-key'],
    ['azure.accessSignature', 'possible azure-access-signature'],
  ]
  for (const [name, finding] of expected) {
    const wanted = finding === undefined ? [] : [`value ${finding}`]
    t.strictSame(found({ value: made(name) }), wanted, name)
    t.strictSame(found({ value: `before ${made(name)} after` }), wanted, `${name} within a sentence`)
  }
})

await t.test('halves are joined across the fields of one object', async (t) => {
  const [id, secret] = [made('aws.keyId'), made('aws.secretKey')]
  const pair = ['AWS_ACCESS_KEY_ID certain aws-access-key', 'AWS_SECRET_ACCESS_KEY certain aws-secret-key']
  t.strictSame(found({ AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret }), pair)
  t.strictSame(
    found({ AWS_ACCESS_KEY_ID: made('aws.oldKeyId'), AWS_SECRET_ACCESS_KEY: secret }),
    pair,
    'an id of the old kind counts beside its secret',
  )
  t.strictSame(
    found({ id, a: secret }),
    ['id certain aws-access-key', 'a certain aws-secret-key'],
    'whatever the names',
  )
  t.strictSame(
    found({ 'access-key': id, 'secret-access-key': secret, session: made('aws.secretKey', 1) }),
    ['access-key certain aws-access-key', 'secret-access-key certain aws-secret-key'],
    'an unrelated random value is left alone where the secret is known',
  )
  t.strictSame(found({ id: made('aws.oldKeyId') }, { exposed: true }), ['id likely aws-access-key'])
  t.strictSame(
    found({
      AWS_ACCESS_KEY_ID: made('aws.temporaryKeyId'),
      AWS_SECRET_ACCESS_KEY: secret,
      AWS_SESSION_TOKEN: made('aws.sessionToken'),
    }),
    ['AWS_ACCESS_KEY_ID possible aws-temporary-key'],
    'one word about a temporary key',
  )
  t.strictSame(found({ AWS_SESSION_TOKEN: made('aws.sessionToken') }), ['AWS_SESSION_TOKEN possible aws-session-token'])
  t.strictSame(found({ AWS_SECRET_ACCESS_KEY: secret }), ['AWS_SECRET_ACCESS_KEY possible aws-secret-key'])
  t.strictSame(found({ bucket: `s3://${id}:${encodeURIComponent(secret)}@eu-central-1/logs` }), [
    'bucket certain aws-access-key',
  ])
  t.strictSame(found({ url: `https://b.s3.amazonaws.com/o?X-Amz-Credential=${id}%2F20260101&X-Amz-Signature=0` }), [
    'url possible aws-presigned-url',
  ])

  t.strictSame(found({ id: made('google.hmacKeyId'), secret }), [
    'id certain gcp-hmac-key',
    'secret certain gcp-hmac-secret',
  ])
  const key: unknown = JSON.parse(made('google.serviceAccountKey'))
  const { client_email, private_key } = key as { client_email: string; private_key: string } // as samples.ts makes it
  t.strictSame(found({ client_email, private_key }), ['private_key certain gcp-service-account-key'])
  t.strictSame(found({ private_key }), [], 'a private key alone is no cloud credential')

  const [client, tenant, shapeless] = [
    made('azure.clientId'),
    made('azure.tenantId'),
    made('azure.shapelessClientSecret'),
  ]
  t.strictSame(found({ AZURE_CLIENT_ID: client, AZURE_TENANT_ID: tenant, AZURE_CLIENT_SECRET: shapeless }), [
    'AZURE_CLIENT_SECRET certain azure-service-principal',
  ])
  t.strictSame(found({ ClientID: client, TenantID: tenant, ClientSecret: shapeless, VMType: 'vmss' }), [
    'ClientSecret certain azure-service-principal',
  ])
  t.strictSame(found({ ARM_CLIENT_SECRET: shapeless }), ['ARM_CLIENT_SECRET name client-secret-name'])
  t.strictSame(found({ AZURE_CLIENT_ID: client, AZURE_TENANT_ID: tenant, password: shapeless }), [], 'of a database')
  const principals = [
    { appId: client, displayName: 'x', password: shapeless, tenant },
    { clientId: client, clientSecret: shapeless, tenantId: tenant, subscriptionId: client },
    { cloud: 'AzurePublicCloud', aadClientId: client, aadClientSecret: shapeless, tenantId: tenant },
  ]
  for (const principal of principals) {
    t.strictSame(found({ 'azure.json': JSON.stringify(principal) }), ['azure.json certain azure-service-principal'])
  }

  const old = made('azure.oldStorageKey')
  t.strictSame(found({ azurestorageaccountname: 'acct', azurestorageaccountkey: old }), [
    'azurestorageaccountkey likely azure-storage-account-key',
  ])
  t.strictSame(found({ AZURE_STORAGE_KEY: old }), ['AZURE_STORAGE_KEY possible azure-storage-account-key'])
})

await t.test('files of every kind, with their lines', async (t) => {
  const [id, secret] = [made('aws.keyId'), made('aws.secretKey')]
  const files: readonly (readonly [string, string])[] = [
    [`[default]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`, ' line 2'],
    [`[Credentials]\naws_access_key_id=${id}\naws_secret_access_key=${secret}`, ' line 2'],
    [`# for backups\n\nexport AWS_ACCESS_KEY_ID="${id}"\nexport AWS_SECRET_ACCESS_KEY='${secret}'\n`, ' line 3'],
    [`[s3]\ntype = s3\nprovider = AWS\naccess_key_id = ${id}\nsecret_access_key = ${secret}\n`, ' line 4'],
    [`type: S3\nconfig:\n  bucket: b\n  access_key: ${id}\n  secret_key: ${secret}\n`, ' line 4'],
    [`<key>${id}</key>\r\n<secret>${secret}</secret>`, ' line 1'],
    [JSON.stringify({ AccessKeyId: id, SecretAccessKey: secret }), ''],
    [JSON.stringify({ AccessKeyId: id, SecretAccessKey: secret }).replaceAll('/', '\\/'), ''],
    [JSON.stringify({ deep: [{ data: [id, { s: secret }] }] }, null, 2), ' line 5'],
  ]
  for (const [file, line] of files) t.strictSame(found({ cloud: file }), [`cloud certain aws-access-key${line}`], file)

  const json = made('google.serviceAccountKey')
  const indented = JSON.stringify(JSON.parse(json), null, 2)
  t.strictSame(found({ f: indented }), ['f certain gcp-service-account-key line 5'])
  const yaml = `type: GCS\nconfig:\n  service_account: |-\n    ${indented.replaceAll('\n', '\n    ')}\n`
  t.strictSame(found({ f: yaml }), ['f certain gcp-service-account-key line 8'])
  t.strictSame(found({ f: `A=1\nGOOGLE_CREDENTIALS='${json}'\n` }), ['f certain gcp-service-account-key line 2'])
  t.strictSame(found({ f: `A: 1\nkey: ${JSON.stringify(json)}\n` }), ['f certain gcp-service-account-key line 2'])
  t.strictSame(found({ f: JSON.stringify({ key: json }) }), ['f certain gcp-service-account-key'])
  t.strictSame(found({ f: JSON.stringify({ source_credentials: JSON.parse(made('google.userCredentials')) }) }), [
    'f certain gcp-user-credentials',
  ])

  const key = made('azure.oldStorageKey')
  const storage = `DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${key};EndpointSuffix=core.windows.net`
  t.strictSame(found({ f: `x: 1\nconnection: "${storage}"\n` }), ['f certain azure-storage-connection-string line 2'])
  t.strictSame(found({ f: `CONNECTION=${storage}\n` }), ['f certain azure-storage-connection-string'])
  t.strictSame(found({ f: `AccountName=a;AccountKey=${key};BlobEndpoint=http://minio.default:9000/a` }), [
    'f possible azure-storage-connection-string',
  ])
  t.strictSame(found({ f: `AccountEndpoint=https://x.documents.azure.com:443/;AccountKey=${key};` }), [
    'f certain azure-cosmos-connection-string',
  ])
  const short = `${made('aws.secretKey')}abc=`
  const bus = `Endpoint=sb://n.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=${short}`
  t.strictSame(found({ f: bus }), ['f certain azure-service-bus-connection-string'])
  t.strictSame(found({ f: `${bus};EntityPath=hub` }), ['f certain azure-service-bus-connection-string'])
  t.strictSame(found({ f: `HostName=h.azure-devices.net;SharedAccessKeyName=o;SharedAccessKey=${short}` }), [
    'f certain azure-iot-connection-string',
  ])
  t.strictSame(found({ f: `Endpoint=https://c.azconfig.io;Id=0-l1-s0:abc;Secret=${short}` }), [
    'f certain azure-app-configuration-connection-string',
  ])
  t.strictSame(found({ f: `https://a.blob.core.windows.net/c?${made('azure.accessSignature')}` }), [
    'f possible azure-access-signature',
  ])
  t.strictSame(
    found({ f: JSON.stringify({ url: `/c?${made('azure.accessSignature')}` }).replaceAll('&', '\\u0026') }),
    ['f possible azure-access-signature'],
  )
  const principal = `clientId: ${made('azure.clientId')}\ntenantId: ${made('azure.tenantId')}\nclientSecret: "${made('azure.shapelessClientSecret')}"\n`
  t.strictSame(found({ f: principal }), ['f certain azure-service-principal line 3'])
})

await t.test('base64 is decoded twice at most', async (t) => {
  const once = (text: string) => btoa(text)
  const json = made('google.serviceAccountKey')
  t.strictSame(found({ v: once(json) }), ['v certain gcp-service-account-key'])
  t.strictSame(found({ v: once(made('aws.keyId')) + '\n' }), ['v likely aws-access-key'])
  t.strictSame(found({ v: `credentials: ${once(json)}\n` }), ['v certain gcp-service-account-key'])
  const thrice = detectCredentials(fields({ v: once(once(json)) }))
  t.strictSame(thrice, [])
  t.strictSame(detectCredentials([{ path: '/v', key: 'v', text: 'not base64!', encoding: 'base64' }]), [])
  t.strictSame(found({ v: `PK\0\0${made('aws.keyId')} ` }), [], 'archives and keystores are not read')
})

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
  for (const values of harmless) t.strictSame(found(values), [], JSON.stringify(values).slice(0, 100))
})

await t.test('stores that speak S3 and are not Amazon', async (t) => {
  const minio = { AWS_ACCESS_KEY_ID: 'minioadmin', AWS_SECRET_ACCESS_KEY: 'minioadmin' }
  t.strictSame(found(minio), ['AWS_ACCESS_KEY_ID name aws-id-name', 'AWS_SECRET_ACCESS_KEY name aws-secret-name'])
  t.strictSame(found({ ...minio, AWS_ENDPOINT_URL: 'http://minio:9000' }), [])
  const ceph = { AWS_ACCESS_KEY_ID: 'C9D8E7F6A5B4C3D2E1F0', AWS_SECRET_ACCESS_KEY: made('aws.secretKey') }
  t.strictSame(found(ceph), ['AWS_ACCESS_KEY_ID name aws-id-name', 'AWS_SECRET_ACCESS_KEY possible aws-secret-key'])
  t.strictSame(found({ ...ceph, BUCKET_HOST: 'rook-ceph-rgw.rook' }), [])
  t.strictSame(found({ ...ceph, S3_ENDPOINT: '${ENDPOINT}' }), [], 'an endpoint that is not known yet')
  t.strictSame(found({ f: `endpoint: rgw:80\naws_secret_access_key: ${made('aws.secretKey')}\n` }), [])
  const real = { AWS_ACCESS_KEY_ID: made('aws.keyId'), AWS_SECRET_ACCESS_KEY: made('aws.secretKey') }
  const hosts = ['https://s3.eu-central-1.amazonaws.com', 's3.cn-north-1.amazonaws.com.cn:443', 'https://s3.api.aws/x']
  for (const AWS_ENDPOINT_URL of hosts) {
    t.match(found({ ...real, AWS_ENDPOINT_URL }), [/ certain /, / certain /], AWS_ENDPOINT_URL)
  }
  for (const AWS_ENDPOINT_URL of ['https://amazonaws.com.example.org', 'https://r2.cloudflarestorage.com']) {
    t.match(found({ ...real, AWS_ENDPOINT_URL }), [/ possible /, / possible /], 'the form still says AWS: a warning')
  }
})

await t.test('names that tell, over values that nothing recognises', async (t) => {
  t.strictSame(found({ 'aws-secret-access-key': 'hunter2hunter2', AwsSecretKey: 'x1' }), [
    'aws-secret-access-key name aws-secret-name',
    'AwsSecretKey name aws-secret-name',
  ])
  t.strictSame(found({ AWS_SESSION_TOKEN: 'x1', clientSecret: 'hunter2', password: 'x' }), [])
  t.strictSame(found({ gcpCredentials: 'hunter2' }), ['gcpCredentials name credential-name'])
  t.strictSame(found({ __proto__x: 'x', constructor: 'x', ['__proto__']: 'x', toString: 'x' }), [])
  const blob = { AZURE_CLIENT_SECRET: '\0\x01\x02\x03' }
  t.strictSame(found(blob), ['AZURE_CLIENT_SECRET name client-secret-name'], 'of binary values only the name is read')
})

await t.test('checksums', async (t) => {
  for (const [text, seedWord, digest] of [
    ['abc', '\xd5\x3c\xd9\xce\xcd\x08\x93\xb7', '22c74339492769bf'],
    ['', '\x00\x4f\xb6\x1a\x00\x1b\xdb\xcc', '30ed35c100cd3c7d'],
    ['\x37\xf4\x95', '\x00\x4f\xb6\x1a\x00\x1b\xdb\xcc', 'f0b07c789b8cf7e8'],
    ['\xab\x42\x7e\xa8\xd1\x0f\xc7', '\x80\x4f\xb6\x1a\x00\x1b\xdb\xcc', 'e203987dba252fb3'],
    ['abcdefghijklmnopqrstuvwxyz', '\x0d\xdd\xde\xee\xef\xff\xf0\x00', 'a128eb7e7260aca2'],
  ] as const) {
    const [low, high] = marvin(text, seedWord)
    const written = [high, low].map((word) => word.toString(16).padStart(8, '0')).join('')
    t.equal(written, digest, 'as SymCrypt and Microsoft security-utilities test it')
  }
  const altered: readonly (readonly [SampleName, string])[] = [
    ['azure.storageKey', 'possible azure-storage-key'],
    ['azure.serviceBusKey', 'possible azure-service-bus-key'],
    ['azure.registryKey', 'possible azure-container-registry-key'],
    ['azure.annotatedKey', 'possible azure-annotated-key'],
    ['azure.clientSecret', 'likely azure-client-secret'],
  ]
  for (const [name, finding] of altered) {
    const key = made(name)
    const wrong = (key.startsWith('z') ? 'y' : 'z') + key.slice(1)
    t.strictSame(found({ value: wrong }), [`value ${finding}`], name)
  }
  const [hit] = detectCredentials(fields({ value: made('azure.annotatedKey') }))
  t.equal(hit?.created, '2025-03')
  // The keys of Azurite and of the Cosmos DB emulator, as Microsoft publishes them.
  const emulators = [
    ['Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2U', 'VErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='],
    ['C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTq', 'obD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw=='],
  ].map((halves) => halves.join(''))
  for (const key of emulators) {
    t.strictSame(
      found({ f: `AccountEndpoint=https://x.documents.azure.com;AccountKey=${key}`, AZURE_STORAGE_KEY: key }),
      [],
    )
  }
})

await t.test('the account of an AWS key id', async (t) => {
  const idOf = (account: string, prefix = 'AKIA') => {
    let bits = ((1n << 47n) | (BigInt(account) << 7n) | 5n) << 2n
    let id = ''
    for (let i = 0; i < 10; i++, bits >>= 5n) id = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.charAt(Number(bits & 31n)) + id
    return `${prefix}${id}K7QZ2M`
  }
  const accounts = (id: string, options?: DetectOptions) =>
    detectCredentials(fields({ id }), options).map((hit) => hit.account)
  t.strictSame(accounts(idOf('111122223333')), ['111122223333'])
  t.strictSame(accounts(idOf('000000012345', 'ASIA')), ['000000012345'])
  t.strictSame(accounts(made('aws.oldKeyId')), [undefined], 'ids of the old kind carry none')
  t.strictSame(accounts(idOf('052310077262')), [], 'bait is not betrayed')
  t.strictSame(accounts(idOf('052310077262', 'ASIA')), [])
  t.strictSame(accounts(idOf('111122223333'), { canaryAccounts: ['111122223333'] }), [])
  const bait = { AWS_ACCESS_KEY_ID: idOf('052310077262'), AWS_SECRET_ACCESS_KEY: made('aws.secretKey') }
  t.strictSame(found(bait), [])
})

await t.test('samples', async (t) => {
  const text = "{a: '{{sample.aws.keyId}}', b: '{{sample.aws.keyId|base64}}', c: '{{ .Values.x }}'}"
  const expanded = expandSamples(text)
  t.equal(expanded, expandSamples(text), 'the same in every run')
  t.not(expanded, expandSamples(text, 2))
  t.match(expanded, /^\{a: 'AKIA[A-Z2-7]{16}', b: 'QUtJQ[\w=]+', c: '\{\{ \.Values\.x \}\}'\}$/)
  t.throws(() => expandSamples('{{sample.nobody}}'), /no sample is called nobody/)
  t.strictSame(found({ example: text }), [], 'an example that is not expanded holds nothing to be found')
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
    for (let i = 0; i < 32; i++) {
      const bytes = crypto.getRandomValues(new Uint8Array(49_152))
      const text = Buffer.from(bytes).toString(alphabet)
      const wrapped = text.replaceAll(/.{64}/gs, '$&\n')
      const hits = [text, wrapped].flatMap((value) =>
        detectCredentials([{ path: '/v', key: 'v', text: value, encoding: 'plain' }]),
      )
      if (hits.length > 0) t.strictSame(hits, [], alphabet)
    }
  }
  t.pass('12 MiB of base64, base64url, hex and bytes')
})
