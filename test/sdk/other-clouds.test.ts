import t from 'tap'
import type { SampleName } from '../../src/sdk/credentials/samples.ts'
import { found, made, seed } from '../support/credentials.ts'
import type { Values } from '../support/credentials.ts'

t.comment(`seed ${seed}`)

const on = { otherClouds: true }

await t.test('tokens of other clouds, where the settings ask for them', async (t) => {
  const expected: readonly (readonly [SampleName, string])[] = [
    ['alibaba.keyId', 'possible alibaba-access-key'],
    ['oracle.configuration', 'certain oracle-api-key'],
    ['tencent.secretId', 'possible tencent-secret-id'],
    ['digitalocean.token', 'possible digitalocean-token'],
    ['scaleway.keyId', 'possible scaleway-access-key'],
    ['cloudflare.token', 'possible cloudflare-token'],
    ['cloudflare.originKey', 'possible cloudflare-origin-key'],
    ['alibaba.temporaryKeyId', 'possible alibaba-temporary-key'],
    ['terraform.token', 'possible terraform-token'],
    ['vault.token', 'possible vault-token'],
  ]
  for (const [name, finding] of expected) {
    t.strictSame(found(t, { value: made(name) }), [], `${name}, not asked for`)
    t.strictSame(found(t, { value: made(name) }, on), [`value ${finding}`], name)
    t.strictSame(found(t, { value: `before ${made(name)} after` }, on), [`value ${finding}`], `${name} in a sentence`)
    t.strictSame(found(t, { value: btoa(made(name)) }, on), [`value ${finding}`], `${name} in base64`)
  }
})

await t.test('values without a form of their own, by name and form together', async (t) => {
  const expected: readonly (readonly [name: string, value: string, detector: string])[] = [
    ['IBMCLOUD_API_KEY', made('ibm.apiKey'), 'ibm-api-key'],
    ['secret_access_key', made('ibm.storageSecret'), 'ibm-storage-secret'],
    ['LINODE_TOKEN', made('linode.token'), 'linode-token'],
    ['HCLOUD_TOKEN', made('hetzner.token'), 'hetzner-token'],
    ['vultr-api-key', made('vultr.key'), 'vultr-key'],
    ['CF_API_TOKEN', made('cloudflare.oldToken'), 'cloudflare-token'],
    ['cloudflare_api_key', made('cloudflare.key'), 'cloudflare-key'],
    ['SCW_SECRET_KEY', made('azure.clientId'), 'scaleway-secret'],
    ['SPACES_ACCESS_KEY_ID', made('digitalocean.spacesKey'), 'digitalocean-spaces-key'],
    ['OS_APPLICATION_CREDENTIAL_SECRET', made('linode.token'), 'openstack-secret'],
    ['OS_PASSWORD', made('registry.password'), 'openstack-password'],
  ]
  for (const [name, value, detector] of expected) {
    const sure = (values: Values, key: string) => {
      t.ok(found(t, values, on).includes(`${key} possible ${detector}`), `${detector} as ${key}`)
      t.notOk(
        found(t, values).some((hit) => hit.includes(detector)),
        'not asked for',
      )
    }
    sure({ [name]: value }, name)
    sure({ env: `A=b\n${name}=${value}\nC=d\n` }, 'env')
    sure({ yaml: `a:\n  ${name}: "${value}"\n` }, 'yaml')
    sure({ json: JSON.stringify({ [name]: value }) }, 'json')
    for (const other of ['${SECRET}', 'changeme', `${value}0x`, value.slice(0, 6), 'x'.repeat(value.length)])
      if (!detector.startsWith('openstack') || !other.endsWith('0x'))
        t.notOk(
          found(t, { [name]: other }, on).some((hit) => hit.includes(detector)),
          `${detector} ${other.length}`,
        )
    t.notOk(
      found(t, { CHECKSUM: value }, on).some((hit) => hit.includes(detector)),
      `${detector} by form alone`,
    )
  }
})

await t.test('the files of OpenStack', async (t) => {
  const password = made('registry.password')
  const yaml = `clouds:\n  a:\n    auth:\n      auth_url: https://keystone:5000/v3\n      username: app\n      password: ${password}\n`
  const ini = `[Global]\nauth-url="https://keystone:5000/v3"\nusername=app\npassword="${password}"\n`
  for (const file of [yaml, ini]) t.strictSame(found(t, { file }, on), ['file possible openstack-password'])
  t.strictSame(found(t, { file: yaml.replace(password, '${OS_PASSWORD}') }, on), [])
  t.strictSame(found(t, { file: `username: app\npassword: ${password}\n` }, on), [], 'of something else')
})

await t.test('pairs are certain where the cloud can map a role', async (t) => {
  const [id, secret] = [made('alibaba.keyId'), made('alibaba.secretKey')]
  t.strictSame(found(t, { id, secret }, on), ['id certain alibaba-access-key'])
  t.strictSame(found(t, { id, secret: 'x'.repeat(30) }, on), ['id possible alibaba-access-key'])
  t.strictSame(found(t, { secret }, on), [])
  const [user, ...rest] = made('oracle.configuration').split('\n').slice(1)
  t.strictSame(found(t, { user: user ?? '' }, on), [], 'the id of a user is public')
  t.strictSame(found(t, { user: user ?? '', rest: rest.join('\n') }, on), ['user certain oracle-api-key'])
  t.strictSame(found(t, { rest: rest.join('\n') }, on), [])
})

await t.test('what only looks alike', async (t) => {
  const values = {
    a: `LTAI${'A'.repeat(20)}`,
    b: `x${made('alibaba.keyId')}`,
    c: `${made('digitalocean.token')}0`,
    d: 'dop_v1_',
    e: `SCW${made('registry.password')}`,
    f: '.atlasv1.',
  }
  t.strictSame(found(t, values, on), [])
})

await t.test('linear in the size of the text', async (t) => {
  // A megabyte of each: whatever grew faster than the text would not end.
  for (const part of ['LTAI', 'YC', 'hvs.', '.atlasv1.', made('alibaba.keyId'), 'aB3'.repeat(10) + ' ', 'ocid1.user.'])
    t.ok(Array.isArray(found(t, { value: part.repeat(2 ** 20 / part.length) }, on)))
})
