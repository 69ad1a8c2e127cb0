import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { bundleCode } from '../release/bundle.ts'
import { FakeApiServer } from '../test/kube/fake-api-server.ts'
import { fillCluster, served } from './cluster-objects.ts'
import type { Benchmark, Figure } from './measure.ts'

// This file runs from build/bench/.
const root = fileURLToPath(new URL('../../', import.meta.url))

export const inventoryBenchmark: Benchmark = {
  name: 'inventory',
  run: async () => [...(await measured(false)), ...(await measured(true))],
}

// What inventory-process.ts prints.
interface Seen {
  readonly objects: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly loadedMib: number
  readonly rssMib: number
  readonly delayMs: number
  readonly longestMs: number
  readonly reviews: readonly { readonly kind: string; readonly review: number }[]
}

async function measured(everyKind: boolean): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'day2-bench-'))
  const server = new FakeApiServer()
  await server.start(served)
  try {
    fillCluster(server, everyKind)
    // As it is published: from the sources all of client-node would be loaded, which nobody runs.
    await bundleCode(root, { program: 'bench/inventory-process.ts' }, folder)
    const program = join(folder, 'program.js')
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', program, server.kubeconfig(folder)])
    const seen = JSON.parse(stdout) as Seen
    const of = `${Math.round(seen.objects / 1000)},000 objects`
    const [slowest = { kind: '', review: 0 }] = [...seen.reviews].sort((a, b) => b.review - a.review)
    const rss: Figure = { name: `${of}: RSS of the process`, value: seen.rssMib, unit: 'MiB' }
    return [
      {
        name: `${of}: RSS before the first one`,
        value: seen.loadedMib,
        unit: 'MiB',
        target: { value: 120, better: 'lower' },
      },
      everyKind ? rss : { ...rss, target: { value: 200, better: 'lower' } },
      { name: `${of}: time to sync`, value: seen.seconds, unit: 's' },
      { name: `${of}: CPU to sync`, value: seen.cpuSeconds, unit: 's' },
      {
        name: `${of}: event loop delay while syncing, p99`,
        value: seen.delayMs,
        unit: 'ms',
        target: { value: 50, better: 'lower' },
      },
      { name: `${of}: longest event loop delay`, value: seen.longestMs, unit: 'ms' },
      ...seen.reviews.map(({ kind, review }) => ({
        name: `${of}: cross-object rules on a ${kind}`,
        value: review,
        unit: 'µs' as const,
        ...(kind === slowest.kind ? { target: { value: 100, better: 'lower' as const } } : {}),
      })),
    ]
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true })
  }
}
