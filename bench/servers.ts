import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A server under load, alone on one core where the machine lets us say so. */
export interface ServerUnderLoad {
  readonly url: string
  readonly ca: string
  /** Seconds of CPU that the process has used so far. */
  cpuSeconds(): number
  rssMiB(): number
  stop(): Promise<void>
}

const command = fileURLToPath(new URL('../src/cli/main.js', import.meta.url))
const bare = fileURLToPath(new URL('bare-server.js', import.meta.url))

/** Runs the webhook and a bare fastify handler beside each other for as long as `use` takes. */
export async function withServers<T>(use: (ours: ServerUnderLoad, bare: ServerUnderLoad) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'day2-bench-'))
  spawnSync(process.execPath, [
    command,
    'certs',
    'issue',
    '--out',
    directory,
    '--name',
    'localhost',
    '--ip',
    '127.0.0.1',
  ])
  const [port, probePort, barePort] = [await freePort(), await freePort(), await freePort()]
  const ourArgs = ['serve', '--cert-dir', directory, '--host', '127.0.0.1', '--no-inventory']
  const ours = start([command, ...ourArgs, '--port', `${port}`, '--probe-port', `${probePort}`], port, directory)
  const other = start([bare, directory, `${barePort}`], barePort, directory)
  try {
    const servers = await Promise.all([ours, other])
    return await use(...servers)
  } finally {
    for (const server of await Promise.all([ours, other])) await server.stop()
    rmSync(directory, { recursive: true })
  }
}

/** Posts a body and resolves to the milliseconds until its answer was read. Throws where the answer is not 200. */
export function post(server: ServerUnderLoad, agent: Agent, body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = process.hrtime.bigint()
    const headers = { 'content-type': 'application/json', 'content-length': body.length }
    const call = request(server.url, { method: 'POST', agent, headers, ca: server.ca }, (response) => {
      response.on('error', reject).on('end', () => {
        if (response.statusCode === 200) resolve(Number(process.hrtime.bigint() - start) / 1e6)
        else reject(new Error(`HTTP ${response.statusCode ?? 0}`))
      })
      response.resume()
    })
    call.on('error', reject)
    call.end(body)
  })
}

async function start(args: readonly string[], port: number, directory: string): Promise<ServerUnderLoad> {
  const pinned = spawnSync('taskset', ['-c', '0', 'true']).status === 0 ? ['taskset', '-c', '0'] : []
  const [file = '', ...rest] = [...pinned, process.execPath, ...args]
  const child = spawn(file, rest, { stdio: ['ignore', 'ignore', 'inherit'] })
  const ca = readFileSync(join(directory, 'ca.crt'), 'utf8')
  await answering(port, child)
  // taskset replaces itself by what it starts, so the process is ours.
  const stat = () =>
    readFileSync(`/proc/${child.pid ?? 0}/stat`, 'utf8')
      .split(') ')[1]
      ?.split(' ') ?? []
  return {
    url: `https://127.0.0.1:${port}/validate?timeout=3s`,
    ca,
    cpuSeconds: () => (Number(stat()[11]) + Number(stat()[12])) / 100,
    rssMiB: () => (Number(stat()[21]) * 4096) / 2 ** 20,
    stop: () => stop(child),
  }
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}

async function answering(port: number, child: ChildProcess): Promise<void> {
  const agent = new Agent({ rejectUnauthorized: false })
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`)
    const up = await new Promise((resolve) => {
      request({ host: '127.0.0.1', port, path: '/', agent }, (response) => {
        response.resume()
        resolve(true)
      })
        .on('error', () => setTimeout(() => resolve(false), 50))
        .end()
    })
    if (up) return agent.destroy()
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      // A TCP server that listens has an address with a port.
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}
