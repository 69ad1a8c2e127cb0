import t from 'tap'
import type { SampleName } from '../../src/sdk/credentials/samples.ts'
import { found, made, seed } from '../support/credentials.ts'

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
  const began = performance.now()
  for (const part of ['LTAI', 'YC', 'hvs.', '.atlasv1.', made('alibaba.keyId'), 'aB3'.repeat(10) + ' ', 'ocid1.user.'])
    found(t, { value: part.repeat(2 ** 20 / part.length) }, on)
  t.ok(performance.now() - began < 5000)
})
