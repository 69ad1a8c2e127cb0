import { Agent } from 'node:https'
import autocannon from 'autocannon'
import type { AnyObject } from '../src/sdk/objects.ts'
import { quantile, type Benchmark, type Figure } from './measure.ts'
import { pod, wideObject } from './objects.ts'
import { post, withServers, type ServerUnderLoad } from './servers.ts'

const rounds = 3
const seconds = 5

export const httpBenchmark: Benchmark = {
  name: 'http',
  run: () =>
    withServers(async (ours, bare) => {
      const small = review(pod())
      const large = review(wideObject(2 ** 20))
      await Promise.all([sequence(ours, small, 500), sequence(bare, small, 500)])
      const saturated = await inTurn((server) => saturate(server, small), ours, bare)
      const single = await inTurn((server) => sequence(server, small, 1500), ours, bare)
      const wide = await inTurn((server) => sequence(server, large, 40), ours, bare)
      const added = (q: number) => quantile(single.ours.flat(), q) - quantile(single.bare.flat(), q)
      const rate = (runs: Load[]) =>
        quantile(
          runs.map(({ rate }) => rate),
          0.5,
        )
      const cpu = (runs: Load[]) =>
        quantile(
          runs.map(({ cpuMs }) => cpuMs),
          0.5,
        )
      return [
        figure('reviews a second, one core, 32 connections', rate(saturated.ours), 'reviews/s'),
        figure('the same, bare handler', rate(saturated.bare), 'reviews/s'),
        figure(
          'throughput against the bare handler',
          rate(saturated.ours) / rate(saturated.bare),
          'ratio',
          0.6,
          'higher',
        ),
        figure('CPU per review, saturated', cpu(saturated.ours), 'ms', 0.3),
        figure('CPU per review of the bare handler', cpu(saturated.bare), 'ms'),
        figure('added latency at concurrency 1, p50', added(0.5), 'ms', 0.3),
        figure('added latency at concurrency 1, p99', added(0.99), 'ms', 2),
        figure(
          '1 MiB Pod against the bare handler',
          quantile(wide.ours.flat(), 0.5) / quantile(wide.bare.flat(), 0.5),
          'ratio',
          2,
        ),
        figure('1 MiB Pod', quantile(wide.ours.flat(), 0.5), 'ms'),
        figure('RSS after load', ours.rssMiB(), 'MiB'),
      ]
    }),
}

interface Load {
  readonly rate: number
  readonly cpuMs: number
}

function figure(
  name: string,
  value: number,
  unit: Figure['unit'],
  target?: number,
  better: 'lower' | 'higher' = 'lower',
): Figure {
  return { name, value, unit, ...(target === undefined ? {} : { target: { value: target, better } }) }
}

/** Both sides in turn, several rounds, so that what else the machine does meets both. */
async function inTurn<T>(
  measure: (server: ServerUnderLoad) => Promise<T>,
  ours: ServerUnderLoad,
  bare: ServerUnderLoad,
) {
  const results: { ours: T[]; bare: T[] } = { ours: [], bare: [] }
  for (let round = 0; round < rounds; round++) {
    results.bare.push(await measure(bare))
    results.ours.push(await measure(ours))
  }
  return results
}

async function saturate(server: ServerUnderLoad, body: Buffer): Promise<Load> {
  const before = server.cpuSeconds()
  const result = await autocannon({
    url: server.url,
    method: 'POST',
    connections: 32,
    duration: seconds,
    headers: { 'content-type': 'application/json' },
    body,
    tlsOptions: { ca: server.ca },
  })
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${result.non2xx + result.errors} calls failed`)
  const answered = result.requests.total
  return { rate: answered / result.duration, cpuMs: ((server.cpuSeconds() - before) * 1e3) / answered }
}

async function sequence(server: ServerUnderLoad, body: Buffer, count: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const times: number[] = []
  for (let i = 0; i < count; i++) times.push(await post(server, agent, body))
  agent.destroy()
  return times
}

function review(object: AnyObject): Buffer {
  return Buffer.from(
    JSON.stringify({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: {
        uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
        kind: { group: '', version: 'v1', kind: 'Pod' },
        resource: { group: '', version: 'v1', resource: 'pods' },
        name: object.metadata?.name,
        namespace: object.metadata?.namespace,
        operation: 'CREATE',
        userInfo: { username: 'admin', groups: ['system:authenticated'] },
        object,
        oldObject: null,
        dryRun: false,
      },
    }),
  )
}
