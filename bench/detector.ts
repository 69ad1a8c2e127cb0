import { detectCredentials } from '../src/sdk/credentials/detect.ts'
import { gateSentinels } from '../src/sdk/credentials/gate.ts'
import type { Field } from '../src/sdk/credentials/hit.ts'
import { sample } from '../src/sdk/credentials/samples.ts'

/** One measurement: the median and the worst of its rounds, in microseconds a call. */
export interface DetectorFigure {
  readonly name: string
  readonly medianMicroseconds: number
  readonly worstMicroseconds: number
  /** What it must not exceed, where there is such a figure. */
  readonly limitMicroseconds?: number
}

/** Measures the credential detector: a Secret of ten typical keys, and values of a MiB made to slow it down. */
export function benchDetector(): readonly DetectorFigure[] {
  return [
    figure('Secret of 10 typical keys, no credential', typical(false), 2000, 10),
    figure('Secret of 10 typical keys, an AWS pair among them', typical(true), 2000),
    ...hostile().map(([name, text]) => figure(`1 MiB of ${name}`, [field('value', text)], 1, 60_000)),
    figure('100 KiB of the slowest kind', [field('value', 'AKIA '.repeat(20_480))], 10, 6_000),
  ]
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
    ['opened documents', fill('{"private_key":"')],
    ['small documents', fill('{"private_key":"x","type":"service_account"}\n')],
    ['nested arrays', '['.repeat(size / 2) + '"private_key"' + ']'.repeat(size / 2)],
    ['members', `{${fill('"client_secret":"x",')}"a":1}`],
    ['base64 of base64', btoa(btoa(fill('AKIA').slice(0, 590_000)))],
    ['runs of 40', fill(`${sample('aws.secretKey')} `) + sample('aws.keyId')],
    ['connection strings', fill('AccountName=a;AccountKey=b;Endpoint=c;')],
    ['signed URLs', fill('https://x/?sv=2020-01-01&sig=abc&se=1 ')],
  ]
}

function field(key: string, text: string): Field {
  return { path: `/data/${key}`, key, text: btoa(text), encoding: 'base64' }
}

function figure(name: string, fields: readonly Field[], calls: number, limit?: number): DetectorFigure {
  const rounds: number[] = []
  for (let round = 0; round < 5; round++) {
    const start = performance.now()
    for (let call = 0; call < calls; call++) detectCredentials(fields)
    rounds.push(((performance.now() - start) / calls) * 1000)
  }
  // The first rounds are the compiler's.
  const settled = rounds.slice(2).sort((a, b) => a - b)
  return {
    name,
    medianMicroseconds: settled[Math.floor(settled.length / 2)] ?? 0,
    worstMicroseconds: settled.at(-1) ?? 0,
    ...(limit === undefined ? {} : { limitMicroseconds: limit }),
  }
}
