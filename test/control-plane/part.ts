import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import type { Reaper } from './reaper.ts'
import { waitFor } from './wait.ts'

/** One process of the control plane, which can be stopped and started again with the same arguments. */
export interface Part {
  start(): Promise<void>
  stop(): Promise<void>
  kill(): void
}

export interface PartOptions {
  readonly name: string
  readonly path: string
  readonly args: readonly string[]
  readonly log: string
  readonly reaper: Reaper
  /** True once the part answers. */
  readonly ready: () => Promise<boolean>
}

/** How long a part may take to end by itself, in ms: only etcd has a state. The API server would wait for its watches. */
const grace = 2_000

export function createPart({ name, path, args, log, reaper, ready }: PartOptions): Part {
  let child: ChildProcess | undefined

  const running = (): ChildProcess | undefined =>
    child && child.exitCode === null && child.signalCode === null ? child : undefined

  return {
    async start() {
      if (running()) throw new Error(`${name} is running already`)
      const out = openSync(log, 'a')
      const earlier = fstatSync(out).size
      // Detached: Ctrl-C ends this process, which then ends the parts in their order.
      child = spawn(path, args, { detached: true, stdio: ['ignore', out, out] })
      closeSync(out)
      child.unref()
      await once(child, 'spawn')
      if (child.pid) reaper.watch(child.pid)
      await waitFor(
        `${name} to answer`,
        async () => {
          if (!running()) throw new Error(`${name} ended: ${excerpt(readFileSync(log).subarray(earlier).toString())}`)
          return ready().catch(() => false)
        },
        { fatal: () => !running() },
      )
    },
    async stop() {
      const process = running()
      if (!process) return
      const ended = once(process, 'exit')
      process.ref()
      process.kill('SIGTERM')
      const timer = setTimeout(() => process.kill('SIGKILL'), grace)
      await ended
      clearTimeout(timer)
      if (process.pid) reaper.forget(process.pid)
    },
    kill() {
      running()?.kill('SIGKILL')
    },
  }
}

/** The first lines, where flags are refused before all the usage, and the last ones. */
function excerpt(text: string): string {
  const lines = text.trimEnd().split('\n')
  return (lines.length > 8 ? [...lines.slice(0, 3), '…', ...lines.slice(-5)] : lines).join('\n')
}
