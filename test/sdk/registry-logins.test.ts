import t from 'tap'
import { registryLogins } from '../../src/sdk/credentials/registry-logins.ts'
import { made, seed } from '../support/credentials.ts'

t.comment(`seed ${seed}`)

const ecr = '111122223333.dkr.ecr.eu-west-1.amazonaws.com'
const secret = made('registry.password')
const auth = (user: string, password = secret) => ({ auth: btoa(`${user}:${password}`) })
const config = (auths: unknown) => JSON.stringify({ auths, credsStore: 'desktop' })

function found(auths: unknown): readonly string[] {
  const { logins, unsure } = registryLogins(config(auths), 'config.json')
  const flat = registryLogins(JSON.stringify(auths), '.dockercfg')
  t.strictSame(flat, { logins, unsure }, 'both forms agree')
  t.notMatch(JSON.stringify(logins), secret.slice(0, 8), 'nothing of the password')
  return [...logins.map(({ host, kind }) => `${host} ${kind}`), ...(unsure ? ['unsure'] : [])]
}

await t.test('users of registries', async (t) => {
  const zeros = '00000000-0000-0000-0000-000000000000'
  for (const [host, user, kind] of [
    [ecr, 'AWS', 'token'],
    [ecr, 'aws', 'password'],
    ['public.ecr.aws', 'AWS', 'token'],
    ['gcr.io', 'oauth2accesstoken', 'token'],
    ['gcr.io', '_json_key', 'key-file'],
    ['us-docker.pkg.dev', '_json_key_base64', 'key-file'],
    ['us-docker.pkg.dev', 'AWS', 'password'],
    ['team.azurecr.io', zeros, 'token'],
    ['team.azurecr.io', made('azure.clientId'), 'password'],
    ['team.azurecr.io', 'team', 'password'],
  ] as const) {
    t.strictSame(found({ [host]: auth(user) }), [`${host} ${kind}`])
    t.strictSame(found({ [`https://${host}/v2/`]: { username: user, password: secret } }), [`${host} ${kind}`])
  }
  for (const host of ['docker.io', 'quay.io', 'https://index.docker.io/v1/', 'harbor.example.com', `x.${ecr}`])
    t.strictSame(found({ [host]: auth('AWS') }), [], host)
})

await t.test('keys of Azure that their shape gives away', async (t) => {
  const host = 'team.azurecr.io'
  for (const [user, key] of [
    [made('azure.clientId'), made('azure.clientSecret')],
    [made('azure.clientId'), made('azure.oldClientSecret')],
    ['team', made('azure.registryKey')],
  ] as const)
    t.strictSame(found({ [host]: auth(user, key) }), [`${host} cloud-key`])
  t.strictSame(found({ 'gcr.io': auth('team', made('azure.registryKey')) }), ['gcr.io password'], 'of another cloud')
})

await t.test('what is no login', async (t) => {
  for (const entry of [
    {},
    null,
    [],
    'x',
    { auth: '' },
    { auth: 'no base64!' },
    { auth: btoa('AWS') },
    auth('AWS', ''),
    auth('AWS', '<token>'),
    auth('AWS', 'changeme'),
    auth('AWS', '{{ .Values.token }}'),
    { username: 'AWS' },
    { username: 'AWS', password: 1 },
    { identitytoken: '' },
    { password: 'vault:registry#token' },
  ])
    t.strictSame(found({ [ecr]: entry }), [], JSON.stringify(entry))
  for (const auths of [null, [], 1, 'x', undefined]) t.strictSame(found(auths), [])
  for (const text of ['', '{', 'null', '[]', '"x"', '{"__proto__":{"auths":1}}'])
    t.strictSame(registryLogins(text, 'config.json'), { logins: [], unsure: false }, text)
})

await t.test('what is taken where an entry says several things', async (t) => {
  t.strictSame(found({ [ecr]: { ...auth('AWS'), username: 'x', password: '' } }), [`${ecr} token`])
  t.strictSame(found({ 'team.azurecr.io': { identitytoken: secret } }), ['team.azurecr.io password'])
  t.strictSame(found({ 'team.azurecr.io': { registrytoken: secret } }), ['team.azurecr.io password'])
  t.strictSame(
    found({ 'team.azurecr.io': { ...auth('00000000-0000-0000-0000-000000000000', ''), identitytoken: secret } }),
    ['team.azurecr.io token'],
    'as az acr login writes it',
  )
  t.strictSame(
    found({ 'gcr.io/a': auth('x'), 'https://gcr.io': auth('_json_key'), 'GCR.io': auth('x') }),
    ['gcr.io key-file'],
    'one for each host, the surest',
  )
  t.strictSame(found({ '*.dkr.ecr.*.amazonaws.com': auth('AWS'), '*.azurecr.io': auth('x') }), [
    '*.dkr.ecr.*.amazonaws.com token',
    '*.azurecr.io password',
  ])
})

await t.test('variables are unknown', async (t) => {
  t.strictSame(found({ [ecr]: { username: 'AWS', password: '${TOKEN}' } }), ['unsure'])
  t.strictSame(found({ [ecr]: { auth: '${AUTH}' }, 'gcr.io': auth('_json_key') }), ['gcr.io key-file', 'unsure'])
  t.strictSame(found({ '${HOST}': auth('AWS') }), ['unsure'])
  t.strictSame(found({ 'quay.io': { auth: '${AUTH}' } }), [])
})
