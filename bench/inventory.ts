import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { FakeApiServer } from '../test/kube/fake-api-server.ts'
import { fillCluster, served } from './cluster-objects.ts'
import type { Benchmark } from './measure.ts'

const program = fileURLToPath(new URL('inventory-process.js', import.meta.url))

export const inventoryBenchmark: Benchmark = {
  name: 'inventory',
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'day2-bench-'))
    const server = new FakeApiServer()
    await server.start(served)
    try {
      fillCluster(server)
      const args = ['--expose-gc', program, server.kubeconfig(folder)]
      const { stdout } = await promisify(execFile)(process.execPath, args)
      // What inventory-process.ts prints.
      const seen = JSON.parse(stdout) as { readonly [name: string]: number }
      const { objects = 0, seconds = 0, cpuSeconds = 0, loadedMib = 0, rssMib = 0, delayMs = 0, review = 0 } = seen
      return [
        { name: 'objects held', value: objects, unit: 'count' },
        { name: 'RSS before the first object', value: loadedMib, unit: 'MiB' },
        { name: 'RSS with all of them', value: rssMib, unit: 'MiB', target: { value: 200, better: 'lower' } },
        { name: 'time to sync', value: seconds, unit: 's' },
        { name: 'CPU to sync', value: cpuSeconds, unit: 's' },
        {
          name: 'event loop delay while syncing, p99',
          value: delayMs,
          unit: 'ms',
          target: { value: 50, better: 'lower' },
        },
        { name: 'longest event loop delay', value: seen['longestMs'] ?? 0, unit: 'ms' },
        { name: 'a budget reviewed at that size', value: review, unit: 'µs', target: { value: 100, better: 'lower' } },
      ]
    } finally {
      await server.stop()
      rmSync(folder, { recursive: true })
    }
  },
}
