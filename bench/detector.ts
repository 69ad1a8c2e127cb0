import { randomBytes } from 'node:crypto'
import { detectCredentials } from '../src/sdk/credentials/detect.ts'
import { gateSentinels } from '../src/sdk/credentials/gate.ts'
import type { Field } from '../src/sdk/credentials/hit.ts'
import { sample } from '../src/sdk/credentials/samples.ts'
import { timePerCall } from './measure.ts'
import type { Benchmark, Figure } from './measure.ts'

/** The credential detector: a Secret of ten typical keys, and values of a MiB made to slow it down. */
export const detectorBenchmark: Benchmark = { name: 'credentials', run: benchDetector }

function benchDetector(): Figure[] {
  const [calmFields, pairFields] = [typical(false), typical(true)]
  const calm = timePerCall(() => detectCredentials(calmFields))
  const pair = timePerCall(() => detectCredentials(pairFields))
  const slowest = hostile()
    .map(([name, text]) => ({ name, value: quickest(text) }))
    .sort((a, b) => b.value - a.value)
  const worst = slowest[0] ?? { name: '', value: 0 }
  const [, text = ''] = hostile().find(([name]) => name === worst.name) ?? []
  return [
    { name: 'Secret of 10 typical keys', value: calm, unit: 'µs', target: { value: 10, better: 'lower' } },
    { name: 'Secret of 10 keys, an AWS pair among them', value: pair, unit: 'µs' },
    {
      name: `1 MiB of ${worst.name}, the slowest`,
      value: worst.value,
      unit: 'ms',
      target: { value: 60, better: 'lower' },
    },
    ...restraint(),
    // Linear: eight times the text takes eight times as long, give or take the collector.
    {
      name: 'the slowest, 1 MiB against 128 KiB',
      value: worst.value / quickest(text.slice(0, 1 << 17)),
      unit: 'ratio',
      target: { value: 16, better: 'lower' },
    },
  ]
}

// CPU time, and the best of a few: what the code takes, not what the machine was busy with. In milliseconds.
function quickest(text: string): number {
  const fields = [field('value', text)]
  let best = Infinity
  for (let round = 0; round < 5; round++) {
    const start = process.cpuUsage()
    detectCredentials(fields)
    const { user, system } = process.cpuUsage(start)
    best = Math.min(best, (user + system) / 1000)
  }
  return best
}

/** Findings in random data, which are all false: 100 MiB of each kind, a MiB at a time. */
function restraint(): Figure[] {
  const wrap = (text: string) => text.replace(/.{76}/g, '$&\n')
  const kinds: readonly (readonly [name: string, make: () => string])[] = [
    ['base64', () => randomBytes(786_432).toString('base64')],
    ['hex', () => randomBytes(524_288).toString('hex')],
    ['base64url', () => randomBytes(786_432).toString('base64url')],
    ['wrapped base64', () => wrap(randomBytes(786_432).toString('base64'))],
  ]
  return kinds.map(([name, make]) => {
    let found = 0
    for (let mebibyte = 0; mebibyte < 100; mebibyte++) found += detectCredentials([field('value', make())]).length
    return {
      name: `findings in 100 MiB of random ${name}`,
      value: found,
      unit: 'count',
      target: { value: 0, better: 'lower' },
    }
  })
}

function typical(credential: boolean): readonly Field[] {
  const plain: readonly (readonly [string, string])[] = [
    ['DATABASE_URL', 'postgres://app:s3cr3t-pa55word@db.default.svc:5432/app?sslmode=require'],
    ['DATABASE_PASSWORD', 'kJ8s-2hfLq92mmZx'],
    ['REDIS_PASSWORD', 'fP3nT0aGq1rUw6vYz9cE'],
    ['SESSION_KEY', 'b2f1c6d0e94a47c88f0c9f7be3a1d25477aa0193'],
    ['SMTP_USER', 'mailer@example.com'],
    ['SMTP_PASSWORD', 'correct-horse-battery-staple'],
    ['TLS_FINGERPRINT', '9F:86:D0:81:88:4C:7D:65:9A:2F:EA:A0:C5:5A:D0:15'],
    ['JWT_SECRET', 'Zm9vYmFyYmF6cXV4cXV1eGNvcmdlZ3JhdWx0Z2FycGx5d2FsZG8='],
  ]
  const last: readonly (readonly [string, string])[] = credential
    ? [
        ['AWS_ACCESS_KEY_ID', sample('aws.keyId')],
        ['AWS_SECRET_ACCESS_KEY', sample('aws.secretKey')],
      ]
    : [
        ['LOG_LEVEL', 'info'],
        ['config.yaml', 'server:\n  port: 8080\n  host: 0.0.0.0\nfeatures:\n  - a\n  - b\n'],
      ]
  return [...plain, ...last].map(([key, text]) => field(key, text))
}

function hostile(): readonly (readonly [name: string, text: string])[] {
  const size = 1 << 20
  const fill = (unit: string) => unit.repeat(Math.ceil(size / unit.length)).slice(0, size)
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
    ['sections without users', `current-context\nclusters:\n${fill('users:\n')}`],
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
  ]
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

function field(key: string, text: string): Field {
  return { path: `/data/${key}`, key, text: btoa(text), encoding: 'base64' }
}
