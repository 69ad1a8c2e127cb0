import t from 'tap'
import { detectCredentials } from '../../src/sdk/credentials/detect.ts'
import type { DetectOptions } from '../../src/sdk/credentials/detect.ts'
import { marvin } from '../../src/sdk/credentials/marvin.ts'
import type { SampleName } from '../../src/sdk/credentials/samples.ts'
import { fields, found, made, seed } from '../support/credentials.ts'

t.comment(`seed ${seed}`)

await t.test('tokens that speak for themselves', async (t) => {
  const expected: readonly (readonly [SampleName, string | undefined])[] = [
    ['aws.keyId', 'likely aws-access-key'],
    ['aws.oldKeyId', 'possible aws-access-key'],
    ['aws.temporaryKeyId', 'possible aws-temporary-key'],
    ['aws.bedrockKey', 'certain aws-bedrock-key'],
    ['aws.secretKey', undefined],
    ['aws.sessionToken', undefined],
    ['aws.appSyncKey', 'possible aws-appsync-key'],
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
    ['azure.refreshToken', 'possible azure-refresh-token'],
  ]
  for (const [name, finding] of expected) {
    const wanted = finding === undefined ? [] : [`value ${finding}`]
    t.strictSame(found(t, { value: made(name) }), wanted, name)
    t.strictSame(found(t, { value: `before ${made(name)} after` }), wanted, `${name} within a sentence`)
  }
})

await t.test('halves are joined across the fields of one object', async (t) => {
  const [id, secret] = [made('aws.keyId'), made('aws.secretKey')]
  const pair = ['AWS_ACCESS_KEY_ID certain aws-access-key', 'AWS_SECRET_ACCESS_KEY certain aws-secret-key']
  t.strictSame(found(t, { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret }), pair)
  t.strictSame(
    found(t, { AWS_ACCESS_KEY_ID: made('aws.oldKeyId'), AWS_SECRET_ACCESS_KEY: secret }),
    pair,
    'an id of the old kind counts beside its secret',
  )
  t.strictSame(
    found(t, { id, a: secret }),
    ['id certain aws-access-key', 'a certain aws-secret-key'],
    'whatever the names',
  )
  t.strictSame(
    found(t, { 'access-key': id, 'secret-access-key': secret, session: made('aws.secretKey', 1) }),
    ['access-key certain aws-access-key', 'secret-access-key certain aws-secret-key'],
    'an unrelated random value is left alone where the secret is known',
  )
  t.strictSame(found(t, { id: made('aws.oldKeyId') }, { exposed: true }), ['id likely aws-access-key'])
  t.strictSame(
    found(t, {
      AWS_ACCESS_KEY_ID: made('aws.temporaryKeyId'),
      AWS_SECRET_ACCESS_KEY: secret,
      AWS_SESSION_TOKEN: made('aws.sessionToken'),
    }),
    ['AWS_ACCESS_KEY_ID possible aws-temporary-key'],
    'one word about a temporary key',
  )
  t.strictSame(found(t, { AWS_SESSION_TOKEN: made('aws.sessionToken') }), [
    'AWS_SESSION_TOKEN possible aws-session-token',
  ])
  t.strictSame(found(t, { AWS_SECRET_ACCESS_KEY: secret }), ['AWS_SECRET_ACCESS_KEY possible aws-secret-key'])
  t.strictSame(found(t, { bucket: `s3://${id}:${encodeURIComponent(secret)}@eu-central-1/logs` }), [
    'bucket certain aws-access-key',
  ])
  t.strictSame(found(t, { url: `https://b.s3.amazonaws.com/o?X-Amz-Credential=${id}%2F20260101&X-Amz-Signature=0` }), [
    'url possible aws-presigned-url',
  ])
  t.strictSame(found(t, { url: `Credential=${id}/20260101/eu-central-1/s3/aws4_request` }), [
    'url possible aws-presigned-url',
  ])
  t.strictSame(
    found(t, { env: `awsCredential=${id}\nsecret=${secret}` }),
    ['env certain aws-access-key line 1'],
    'a name that ends like the one in signed URLs',
  )

  t.strictSame(found(t, { id: made('google.hmacKeyId'), secret }), [
    'id certain gcp-hmac-key',
    'secret certain gcp-hmac-secret',
  ])
  const key: unknown = JSON.parse(made('google.serviceAccountKey'))
  const { client_email, private_key } = key as { client_email: string; private_key: string } // as samples.ts makes it
  t.strictSame(found(t, { client_email, private_key }), ['private_key certain gcp-service-account-key'])
  t.strictSame(found(t, { private_key }), [], 'a private key alone is no cloud credential')

  const [client, tenant, shapeless] = [
    made('azure.clientId'),
    made('azure.tenantId'),
    made('azure.shapelessClientSecret'),
  ]
  t.strictSame(found(t, { AZURE_CLIENT_ID: client, AZURE_TENANT_ID: tenant, AZURE_CLIENT_SECRET: shapeless }), [
    'AZURE_CLIENT_SECRET certain azure-service-principal',
  ])
  t.strictSame(found(t, { ClientID: client, TenantID: tenant, ClientSecret: shapeless, VMType: 'vmss' }), [
    'ClientSecret certain azure-service-principal',
  ])
  const generic = { clientId: client, tenantId: tenant, clientSecret: shapeless }
  t.strictSame(
    found(t, { ...generic, url: 'https://login.example.com' }),
    ['clientSecret possible azure-service-principal'],
    'other identity providers use these names too',
  )
  t.strictSame(found(t, { ...generic, url: `https://login.microsoftonline.com/${tenant}` }), [
    'clientSecret certain azure-service-principal',
  ])
  t.strictSame(found(t, { AZURE_CLIENT_ID: client, tenantId: tenant, clientSecret: shapeless }), [
    'clientSecret certain azure-service-principal',
  ])
  t.strictSame(found(t, { ARM_CLIENT_SECRET: shapeless }), ['ARM_CLIENT_SECRET name client-secret-name'])
  t.strictSame(found(t, { AZURE_CLIENT_ID: client, AZURE_TENANT_ID: tenant, password: shapeless }), [], 'of a database')
  const principals = [
    { appId: client, displayName: 'x', password: shapeless, tenant },
    { clientId: client, clientSecret: shapeless, tenantId: tenant, subscriptionId: client },
    { cloud: 'AzurePublicCloud', aadClientId: client, aadClientSecret: shapeless, tenantId: tenant },
  ]
  for (const principal of principals) {
    t.strictSame(found(t, { 'azure.json': JSON.stringify(principal) }), ['azure.json certain azure-service-principal'])
  }

  const old = made('azure.oldStorageKey')
  t.strictSame(found(t, { azurestorageaccountname: 'acct', azurestorageaccountkey: old }), [
    'azurestorageaccountkey likely azure-storage-account-key',
  ])
  t.strictSame(found(t, { AZURE_STORAGE_KEY: old }), ['AZURE_STORAGE_KEY possible azure-storage-account-key'])
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
  for (const [file, line] of files)
    t.strictSame(found(t, { cloud: file }), [`cloud certain aws-access-key${line}`], file)

  const json = made('google.serviceAccountKey')
  const indented = JSON.stringify(JSON.parse(json), null, 2)
  t.strictSame(found(t, { f: indented }), ['f certain gcp-service-account-key line 5'])
  const yaml = `type: GCS\nconfig:\n  service_account: |-\n    ${indented.replaceAll('\n', '\n    ')}\n`
  t.strictSame(found(t, { f: yaml }), ['f certain gcp-service-account-key line 8'])
  t.strictSame(found(t, { f: `A=1\nGOOGLE_CREDENTIALS='${json}'\n` }), ['f certain gcp-service-account-key line 2'])
  t.strictSame(found(t, { f: `A: 1\nkey: ${JSON.stringify(json)}\n` }), ['f certain gcp-service-account-key line 2'])
  t.strictSame(found(t, { f: JSON.stringify({ key: json }) }), ['f certain gcp-service-account-key'])
  t.strictSame(
    found(t, { f: JSON.stringify({ source_credentials: JSON.parse(made('google.userCredentials')) as unknown }) }),
    ['f certain gcp-user-credentials'],
  )

  const key = made('azure.oldStorageKey')
  const storage = `DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${key};EndpointSuffix=core.windows.net`
  t.strictSame(found(t, { f: `x: 1\nconnection: "${storage}"\n` }), [
    'f certain azure-storage-connection-string line 2',
  ])
  t.strictSame(found(t, { f: `CONNECTION=${storage}\n` }), ['f certain azure-storage-connection-string'])
  t.strictSame(found(t, { f: `AccountName=a;AccountKey=${key};BlobEndpoint=http://minio.default:9000/a` }), [
    'f possible azure-storage-connection-string',
  ])
  t.strictSame(found(t, { f: `AccountEndpoint=https://x.documents.azure.com:443/;AccountKey=${key};` }), [
    'f certain azure-cosmos-connection-string',
  ])
  const short = `${made('aws.secretKey')}abc=`
  const bus = `Endpoint=sb://n.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=${short}`
  t.strictSame(found(t, { f: bus }), ['f certain azure-service-bus-connection-string'])
  t.strictSame(found(t, { f: `${bus};EntityPath=hub` }), ['f certain azure-service-bus-connection-string'])
  t.strictSame(found(t, { f: `HostName=h.azure-devices.net;SharedAccessKeyName=o;SharedAccessKey=${short}` }), [
    'f certain azure-iot-connection-string',
  ])
  t.strictSame(found(t, { f: `Endpoint=https://c.azconfig.io;Id=0-l1-s0:abc;Secret=${short}` }), [
    'f certain azure-app-configuration-connection-string',
  ])
  t.strictSame(found(t, { f: `https://a.blob.core.windows.net/c?${made('azure.accessSignature')}` }), [
    'f possible azure-access-signature',
  ])
  t.strictSame(
    found(t, { f: JSON.stringify({ url: `/c?${made('azure.accessSignature')}` }).replaceAll('&', '\\u0026') }),
    ['f possible azure-access-signature'],
  )
  const variable = `env:\n  - name: AWS_SECRET_ACCESS_KEY\n    value: "${secret}"\n  - name: OTHER\n    value: x\n`
  t.strictSame(found(t, { f: variable }), ['f possible aws-secret-key line 3'])
  const principal = `clientId: ${made('azure.clientId')}\ntenantId: ${made('azure.tenantId')}\nclientSecret: "${made('azure.shapelessClientSecret')}"\n`
  t.strictSame(found(t, { f: principal }), ['f certain azure-service-principal line 3'])
})

await t.test('what stands on one line with a connection string', async (t) => {
  const pair = `AWS_ACCESS_KEY_ID=${made('aws.keyId')} AWS_SECRET_ACCESS_KEY=${made('aws.secretKey')}`
  const [key, other] = [made('azure.oldStorageKey'), made('azure.oldStorageKey', 1)]
  const azurite = `AccountName=devstoreaccount1;AccountKey=${key};BlobEndpoint=http://azurite:10000/devstoreaccount1`
  const storage = `AccountName=a;AccountKey=${other};EndpointSuffix=core.windows.net`
  const aws = 'f certain aws-access-key'
  const azure = 'f certain azure-storage-connection-string'
  for (const [text, wanted] of [
    [`x AccountKey=${key} && ${pair} aws s3 ls`, [aws]],
    [`${azurite} ${pair}`, [aws]],
    [`${storage} && ${pair}`, [azure, aws]],
    [`${azurite} ${storage}`, [azure]],
    [`${azurite},${storage}`, [azure]],
    [`${azurite};${storage}`, [azure]],
    [`${storage} ${azurite}`, [azure]],
    [`AccountName=a; AccountKey=${key} ;EndpointSuffix=core.windows.net`, [azure]],
    [`/c?${made('azure.accessSignature')},${pair}`, [aws, 'f possible azure-access-signature']],
  ] as const) {
    t.strictSame([...found(t, { f: text })].sort(), [...wanted].sort(), text)
  }
})

await t.test('control characters hide nothing', async (t) => {
  const [id, secret] = [made('aws.keyId'), made('aws.secretKey')]
  const script = `printf '\x1b[1mhello'\nAWS_ACCESS_KEY_ID=${id}\nAWS_SECRET_ACCESS_KEY=${secret}\n`
  t.strictSame(found(t, { f: script }), ['f certain aws-access-key line 2'])
  t.strictSame(found(t, { f: btoa(script) }), ['f certain aws-access-key line 2'], 'nor in base64')
  t.strictSame(found(t, { f: `${id} ${secret}\x7f` }), ['f certain aws-access-key'])
  t.strictSame(found(t, { f: `schl\u00fcssel \x01 ${id} ${secret}` }), ['f certain aws-access-key'])
  const latin1 = btoa(`schl\xfcssel \x01 ${id} ${secret}`)
  t.match(detectCredentials([{ path: '/f', key: 'f', text: latin1, encoding: 'base64' }]), [{ level: 'certain' }])
})

await t.test('base64 is decoded twice at most', async (t) => {
  const once = (text: string) => btoa(text)
  const json = made('google.serviceAccountKey')
  t.strictSame(found(t, { v: once(json) }), ['v certain gcp-service-account-key'])
  t.strictSame(found(t, { v: once(made('aws.keyId')) + '\n' }), ['v likely aws-access-key'])
  t.strictSame(found(t, { v: `credentials: ${once(json)}\n` }), ['v certain gcp-service-account-key'])
  const thrice = detectCredentials(fields({ v: once(once(json)) }))
  t.strictSame(thrice, [])
  t.strictSame(detectCredentials([{ path: '/v', key: 'v', text: 'not base64!', encoding: 'base64' }]), [])
  t.strictSame(found(t, { v: `PK\0\0${made('aws.keyId')} ` }), [], 'archives and keystores are not read')
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
    t.strictSame(found(t, { value: wrong }), [`value ${finding}`], name)
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
      found(t, { f: `AccountEndpoint=https://x.documents.azure.com;AccountKey=${key}`, AZURE_STORAGE_KEY: key }),
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
  t.strictSame(found(t, bait), [])
  for (const ids of [
    [idOf('052310077262'), idOf('111122223333')],
    [idOf('111122223333'), idOf('052310077262')],
  ]) {
    const hits = detectCredentials(fields({ f: ids.join(' ') }))
    t.match(hits, [{ level: 'likely', account: '111122223333' }], 'bait does not stand for the other keys of a value')
  }
})

await t.test('docker configurations outside of pull secrets', async (t) => {
  const ecr = '111122223333.dkr.ecr.eu-west-1.amazonaws.com'
  const auth = (name: SampleName) => ({ auth: btoa(made(name)) })
  const config = (auths: object) => JSON.stringify({ auths })
  t.strictSame(found(t, { 'config.json': config({ [ecr]: auth('registry.awsLogin') }) }), [
    'config.json possible registry-token',
  ])
  t.strictSame(found(t, { 'config.json': config({ 'gcr.io': auth('registry.googleKeyLogin') }) }), [
    'config.json certain gcp-service-account-key',
  ])
  t.strictSame(found(t, { 'config.json': config({ 'team.azurecr.io': auth('registry.azurePrincipalLogin') }) }), [
    'config.json certain registry-key',
  ])
  t.strictSame(found(t, { 'config.json': config({ 'team.azurecr.io': auth('registry.login') }) }), [
    'config.json possible registry-password',
  ])
  t.strictSame(found(t, { 'config.json': config({ 'quay.io': auth('registry.login'), [ecr]: {} }) }), [])
  const manifest = `kind: Secret\ndata:\n  .dockerconfigjson: ${btoa(config({ [ecr]: auth('registry.awsLogin') }))}\n`
  t.strictSame(found(t, { 'secret.yaml': manifest }), ['secret.yaml possible registry-token'])
})
