import { gateSentinels } from '../src/sdk/credentials/gate.ts'
import { sample } from '../src/sdk/credentials/samples.ts'

/** Values of so many characters, made to slow a detector of credentials down: each is much of what one part of it must look at. */
export function hostileValues(size: number): readonly (readonly [name: string, text: string])[] {
  const fill = (unit: string) => repeated(unit, size)
  return [
    ...gateSentinels.flatMap((literal) => [
      [JSON.stringify(literal), fill(literal)] as const,
      [`${JSON.stringify(literal)} and a line end`, fill(`${literal}\n`)] as const,
      [`${JSON.stringify(literal)} in 100 letters`, fill(`${'aB3'.repeat(17)}${literal}${'xY7'.repeat(16)}`)] as const,
    ]),
    ['telling lines', fill('aws_secret_access_key = x\n')],
    ['valid key ids', fill(`${sample('aws.keyId')}\n`)],
    ['key ids and secrets', fill(`${sample('aws.keyId')} ${sample('aws.secretKey')}\n`)],
    ['storage keys with a wrong checksum', fill(`${sample('azure.storageKey').replace('A', 'B')}\n`)],
    [
      'users of a kubeconfig',
      `current-context\nclusters:\nusers:\n${fill(`- user: { token: "${sample('registry.password')}" }\n`)}`,
    ],
    ['lists of users', `current-context\nclusters:\n${fill('users:\n- token: x\n')}`],
    ['opened documents', fill('{"private_key":"')],
    ['small documents', fill('{"private_key":"x","type":"service_account"}\n')],
    ['nested arrays', '['.repeat(size / 2) + '"private_key"' + ']'.repeat(size / 2)],
    ['members', `{${fill('"client_secret":"x",')}"a":1}`],
    ['base64 of base64', btoa(btoa(fill('AKIA').slice(0, 590_000)))],
    ['runs of 40', fill(`${sample('aws.secretKey')} `) + sample('aws.keyId')],
    ['connection strings', fill(`AccountName=a;AccountKey=${sample('azure.oldStorageKey')};Endpoint=c\n`)],
    ['signed URLs', fill(`https://x/?sv=2020-01-01&sig=${'aB3'.repeat(14)}&se=1 `)],
    ['distinct key ids', distinctKeyIds(size)],
    ['user credentials behind empty lines', `[${'\n'.repeat(size / 2)}${userCredentials(size / 2)}]`],
    ['secrets of one application', `${application}${fill('password: abcdefghij0123456\n')}`],
    ['members without an object', `${fill('"private_key"\n')}}`],
    ['connection strings on one line', fill(`AccountName=a;AccountKey=${sample('azure.oldStorageKey')} `)],
    ['keys without names', fill(`AccountKey=${sample('azure.oldStorageKey')},`)],
    ['a connection string and blanks', `AccountKey=${sample('azure.oldStorageKey')}${fill(' ')};`],
    ['variables of a pod spec', fill(`- name: AWS_SECRET_ACCESS_KEY\n  value: ${sample('aws.secretKey')}\n`)],
    ['telling lines with secrets', fill(`aws_secret_access_key = ${sample('aws.secretKey')}\n`)],
    ...kubeconfigs(size),
    ...documents(size),
    ...connections(size),
    ...tokens(size),
    ...lines(size),
  ]
}

type Values = readonly (readonly [name: string, text: string])[]

function kubeconfigs(size: number): Values {
  const head = 'current-context\nclusters:\nusers:\n'
  const [token, short] = [sample('registry.password'), sample('registry.password').slice(0, 9)]
  return [
    ['users of a kubeconfig, a member a line', head + repeated(`- name: a\n  user:\n    token: ${token}\n`, size)],
    ['short passwords of a kubeconfig', head + repeated(`- password: ${short}\n`, size)],
    ['placeholders in a kubeconfig', head + repeated('- password: a-testx-your\n', size)],
    ['keys without values in a kubeconfig', `${head}- ${repeated('token ', size)}`],
    ['sections without users', head + repeated('users:\n', size)],
    ['empty lines of a kubeconfig', head + repeated('\n', size)],
    [
      'client keys of a kubeconfig',
      head + repeated(`- client-key-data: ${btoa(sample('kubernetes.clientKey'))}\n`, size),
    ],
    ['all members of a kubeconfig', head + repeated(`- { id-token: '${token}', access-token: ${token} }\n`, size)],
    ['users of a kubeconfig in JSON', `{"Config":0,"clusters":[],"users":[${listed('{"user":{"token":""}}', size)}]}`],
  ]
}

function documents(size: number): Values {
  const key = sample('google.serviceAccountKey')
  const login = `{"auth":"${btoa(sample('registry.login'))}"}`
  const nested = JSON.stringify({ type: 'service_account', text: 'a'.repeat(200) })
  return [
    ['service accounts, one a line', repeated(`${key}\n`, size)],
    ['service accounts in a list', `[${listed(key, size)}]`],
    ['service accounts in strings', repeated(`${JSON.stringify(key)}\n`, size)],
    ['broken documents', repeated('{"private_key"}', size)],
    ['broken documents in strings', repeated('{\\"private_key\\"}', size)],
    ['small documents in strings', repeated('"{\\"private_key\\":\\"x\\"}"\n', size)],
    ['variables in JSON', `["private_key",${listed('{"name":"AWS_SECRET_ACCESS_KEY","value":"x"}', size)}]`],
    ['documents in strings of JSON', `["private_key",${listed(JSON.stringify({ a: key }), size)}]`],
    ['logins to registries', `{"auths":{${numbered((i) => `"a${i}.azurecr.io":${login}`, ',', size)}}}`],
    ['logins to other registries', `{"auths":{${numbered((i) => `"${i}":${login}`, ',', size)}}}`],
    ['base64 of documents', repeated(`${btoa(nested)} `, size)],
    ['base64 of a list of documents', btoa(`{"type":0,"x":[${listed(key, size * 0.74)}]}`)],
  ]
}

function connections(size: number): Values {
  const opened = `AccountKey=${sample('azure.oldStorageKey')};`
  const signed = `sig=${'aB3'.repeat(14)}`
  const bus = `Endpoint=sb://x.servicebus.windows.net/;SharedAccessKey=${sample('azure.serviceBusKey')}\n`
  return [
    ['words behind a connection string', opened + repeated(' a', size)],
    ['pairs of a connection string', opened + repeated('Id=a;', size)],
    ['empty pairs of a connection string', opened + repeated('Id=;Secret=;HostName=;Endpoint=;', size)],
    ['connection strings of a bus', repeated(bus, size)],
    ['parameters of a signed URL', signed + repeated('&', size)],
    ['named parameters of a signed URL', signed + repeated('sv=&', size)],
  ]
}

function tokens(size: number): Values {
  const names = [
    'aws.temporaryKeyId',
    'aws.appSyncKey',
    'google.accessToken',
    'google.apiKey',
    'google.hmacKeyId',
  ] as const
  const more = ['azure.clientSecret', 'azure.annotatedKey', 'azure.serviceBusKey', 'azure.refreshToken'] as const
  const base64 = 'aB3xY7kLm9'.repeat(8)
  return [
    ...[...names, ...more].map(
      (name) => [`${name} by the thousand`, numbered((i) => sample(name, i), '\n', size)] as const,
    ),
    ['malformed key ids', repeated('AKIA10ZYXWVUTSRQPONM ', size)],
    ['signers of URLs', numbered((i) => `Credential=${sample('aws.keyId', i)}/20260101`, ' ', size)],
    ['keys of Cosmos DB with a wrong checksum', repeated(`${base64.slice(0, 76)}ACDbaB3xYA==\n`, size)],
    ['keys of functions with a wrong checksum', repeated(`${base64.slice(0, 44)}AzFuaB3xYA==\n`, size)],
    [
      'what is nearly a secret',
      repeated(`${sample('aws.secretKey').slice(0, 33)}EXAMPLE `, size) + sample('aws.keyId'),
    ],
    ['escaped slashes', repeated('%2F%2B', size) + sample('aws.keyId')],
    ['nearly a sentinel', repeated('AKI', size)],
    ['every sentinel in turn', repeated(gateSentinels.join(''), size)],
  ]
}

function lines(size: number): Values {
  const profile = (i: number) =>
    `[profile a${i}]\naws_access_key_id=${sample('aws.keyId', i)}\naws_secret_access_key=${sample('aws.secretKey')}`
  return [
    ['profiles', numbered(profile, '\n', size)],
    ['empty values of telling names', `secret_key\n${repeated('appid=\n', size)}`],
    ['endpoints', `secret_key\n${repeated('s3_endpoint=a.b\n', size)}`],
    ['a long endpoint', `secret_key\ns3_endpoint=${repeated('a.', size)}`],
    ['secrets with placeholders', `${application}${repeated('client_secret=----test-test-te\n', size)}`],
    ['URLs with a password', repeated('https://user:password@host/path?query ', size)],
  ]
}

function repeated(unit: string, size: number): string {
  return unit.repeat(Math.ceil(size / unit.length)).slice(0, size)
}

function listed(item: string, size: number): string {
  return Array.from({ length: size / (item.length + 1) }, () => item).join(',')
}

function numbered(item: (i: number) => string, separator: string, size: number): string {
  return Array.from({ length: size / (item(10_000).length + separator.length) }, (_, i) => item(i)).join(separator)
}

const application = `client_secret\nclientId: ${sample('azure.clientId')}\ntenantId: ${sample('azure.tenantId')}\n`

function distinctKeyIds(size: number): string {
  return Array.from({ length: size / 21 }, (_, i) => sample('aws.keyId', i)).join('\n')
}

function userCredentials(size: number): string {
  const refresh_token = sample('google.oauthClientSecret').slice(-24)
  const document = JSON.stringify({ type: 'external_account_authorized_user', refresh_token })
  return Array.from({ length: size / (document.length + 2) }, () => document).join(',\n')
}
