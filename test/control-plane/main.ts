import { parseArgs } from 'node:util'
import { startControlPlane } from './start.ts'

const usage = `usage: npm run control-plane -- [--nodes N] [--dir DIR] [--port PORT]

Runs a Kubernetes control plane on loopback until Ctrl-C.
  --nodes N    simulated nodes over three zones (default 3)
  --dir DIR    keeps the state, the logs and the kubeconfig there (default: a temporary folder, deleted at the end)
  --port PORT  of the API server (default: a free one)
`

async function main(): Promise<void> {
  const options = readOptions()
  const say = (line: string): void => void process.stderr.write(`${line}\n`)
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, resolve)
  })
  const starting = startControlPlane({ ...options, log: say })
  const controlPlane = await Promise.race([starting, interrupted])
  // Leaving through exit ends what was started so far.
  if (!controlPlane) process.exit(130)
  process.stdout.write(`export KUBECONFIG=${controlPlane.kubeconfig}\n`)
  say(`${controlPlane.server}, ${options.nodes} nodes; Ctrl-C stops it`)
  const alive = setInterval(() => {}, 60_000)
  await interrupted
  clearInterval(alive)
  await controlPlane.stopAll()
}

function readOptions(): { nodes: number; dir?: string; apiPort?: number } {
  try {
    const { values } = parseArgs({
      options: {
        nodes: { type: 'string', default: '3' },
        dir: { type: 'string' },
        port: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (values.help) {
      process.stdout.write(usage)
      process.exit(0)
    }
    return {
      nodes: wholeNumber('--nodes', values.nodes, 5_000),
      ...(values.dir ? { dir: values.dir } : {}),
      ...(values.port ? { apiPort: wholeNumber('--port', values.port, 65_535) } : {}),
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    process.exit(2)
  }
}

function wholeNumber(option: string, text: string, most: number): number {
  if (!/^\d+$/.test(text) || Number(text) > most)
    throw new Error(`${option} takes a number from 0 to ${most}, not ${text}`)
  return Number(text)
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
})
