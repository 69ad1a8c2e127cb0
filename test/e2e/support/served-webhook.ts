import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClientConfig } from '../../../manifests/webhook-configuration.ts'
import type { Cluster } from '../../control-plane/cluster.ts'
import { freePorts } from '../../control-plane/parts.ts'
import { startReaper } from '../../control-plane/reaper.ts'
import { waitFor } from '../../control-plane/wait.ts'
import { day2, day2Main } from '../../support/day2.ts'

/** A webhook that runs somewhere and is not registered yet. */
export interface ServedWebhook {
  readonly clientConfig: ClientConfig
  log(): string
  metrics(): Promise<string>
  /** Writes other settings and resolves once they are in force. */
  replaceSettings(settings: object): Promise<void>
  stop(): Promise<void>
  /** Stops it and leaves nothing behind. */
  remove(): Promise<void>
}

/** Runs `day2 serve` as a process of its own, on loopback. Resolves once it is ready. */
export async function serveWebhook(cluster: Cluster, name: string, settings: object): Promise<ServedWebhook> {
  const dir = await mkdtemp(join(tmpdir(), `day2-webhook-`))
  const [port = 0, plainPort = 0] = await freePorts(2)
  const issued = await day2('certs', 'issue', '--out', dir, '--name', 'localhost', '--ip', '127.0.0.1')
  if (issued.code !== 0) throw new Error(issued.stderr)
  const settingsFile = join(dir, 'settings.yaml')
  await writeFile(settingsFile, settingsText(settings))
  const child = spawn(
    process.execPath,
    [
      day2Main,
      'serve',
      '--cert-dir',
      dir,
      '--settings',
      settingsFile,
      '--kubeconfig',
      cluster.kubeconfig,
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--drain-seconds',
      '0',
      // Ready means that it knows the cluster, however long a busy machine takes to list it.
      '--sync-seconds',
      '170',
      '--probe-port',
      String(plainPort),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const reaper = startReaper()
  reaper.remove(dir)
  if (child.pid) reaper.watch(child.pid)
  const plain = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${plainPort}${path}`)
  await waitFor(`webhook ${name} to be ready`, async () => (await plain('/readyz')).status === 200, {
    fatal: () => child.exitCode !== null,
  }).catch((error: unknown) => {
    // Else the test would wait for it to end.
    child.kill('SIGKILL')
    reaper.close()
    throw new Error(`${String(error)}\n${output}`)
  })

  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
    if (child.pid) reaper.forget(child.pid)
  }
  return {
    clientConfig: {
      url: `https://127.0.0.1:${port}/validate`,
      caBundle: (await readFile(join(dir, 'ca.crt'))).toString('base64'),
    },
    log: () => output,
    metrics: async () => (await plain('/metrics')).text(),
    async replaceSettings(fresh) {
      const before = replacements(output)
      await writeFile(settingsFile, settingsText(fresh))
      await waitFor('the new settings to be in force', () => replacements(output) > before)
    },
    stop,
    async remove() {
      await stop()
      await rm(dir, { recursive: true, force: true })
      reaper.close()
    },
  }
}

/** A settings file as text. */
export function settingsText(settings: object): string {
  // JSON is YAML.
  return JSON.stringify({ apiVersion: 'day2-admission.dev/v1alpha1', kind: 'Settings', ...settings })
}

/** How often a log says that settings were replaced. */
export function replacements(log: string): number {
  return log.split('"settings replaced"').length - 1
}
