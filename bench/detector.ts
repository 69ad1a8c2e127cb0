import { randomBytes } from 'node:crypto'
import { detectCredentials } from '../src/sdk/credentials/detect.ts'
import type { Field } from '../src/sdk/credentials/hit.ts'
import { sample } from '../src/sdk/credentials/samples.ts'
import { hostileValues } from './hostile-values.ts'
import { timePerCall } from './measure.ts'
import type { Benchmark, Figure } from './measure.ts'

/** The credential detector: a Secret of ten typical keys, and values of a MiB made to slow it down. */
export const detectorBenchmark: Benchmark = { name: 'credentials', run: benchDetector }

function benchDetector(): Figure[] {
  const [calmFields, pairFields] = [typical(false), typical(true)]
  const calm = timePerCall(() => detectCredentials(calmFields))
  const pair = timePerCall(() => detectCredentials(pairFields))
  const slowest = hostileValues(1 << 20)
    .map(([name, text]) => ({ name, text, value: quickest(text) }))
    .sort((a, b) => b.value - a.value)
  const worst = slowest[0] ?? { name: '', text: '', value: 0 }
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
      value: worst.value / quickest(worst.text.slice(0, 1 << 17)),
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

function field(key: string, text: string): Field {
  return { path: `/data/${key}`, key, text: btoa(text), encoding: 'base64' }
}
