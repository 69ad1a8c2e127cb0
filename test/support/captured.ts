import { AsyncLocalStorage } from 'node:async_hooks'

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command in this process, and keeps what it prints, as a pipe would, from the output of the tests around it. */
export async function captured(command: () => Promise<number>): Promise<Outcome> {
  const written = { stdout: '', stderr: '' }
  const code = await running.run(written, command)
  return { code, ...written }
}

const running = new AsyncLocalStorage<{ stdout: string; stderr: string }>()

// Whoever writes is told apart by what it was called from: tests go on beside the command.
for (const name of ['stdout', 'stderr'] as const) {
  const stream = process[name]
  const { isTTY } = stream
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean
  const capture = (...args: unknown[]): boolean => {
    const written = running.getStore()
    if (!written) return write(...args)
    const [chunk] = args
    written[name] += chunk instanceof Uint8Array ? Buffer.from(chunk).toString() : String(chunk)
    const callback = args.find((each): each is () => void => typeof each === 'function')
    if (callback) process.nextTick(callback)
    return true
  }
  Object.defineProperty(stream, 'write', { value: capture })
  Object.defineProperty(stream, 'isTTY', { get: () => (running.getStore() ? undefined : isTTY) })
}
