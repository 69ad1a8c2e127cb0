import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { webhookConfiguration } from '../../../manifests/webhook-configuration.ts'
import { policies } from '../../../policies/index.ts'
import type { Cluster } from '../../control-plane/cluster.ts'
import type { CommandResult } from '../../control-plane/kubectl.ts'
import { freePorts } from '../../control-plane/parts.ts'
import { waitFor } from '../../control-plane/wait.ts'
import { day2, day2Main } from '../../support/day2.ts'
import { budget } from './objects.ts'
import { webhookLabel } from './namespace.ts'

export interface Webhook {
  /** Namespaces and cluster-scoped objects choose it by `day2.test/webhook: <name>`. */
  readonly name: string
  /** What the webhook logged so far, one object a line. */
  log(): string
  metrics(): Promise<string>
  /** Repeats a command until the webhook's inventory knows what was applied just before, and returns the refusal. */
  refusal(command: () => Promise<CommandResult>): Promise<string>
  /** Ends the process and leaves the registration in place. */
  stop(): Promise<void>
}

/**
 * Serves `day2 serve` as a process of its own, and registers the configuration of `manifests/` for it, by URL and for
 * the namespaces that chose it. Resolves once the API server calls it.
 */
export async function startWebhook(
  t: { teardown(fn: () => unknown): unknown },
  cluster: Cluster,
  name: string,
  settings: object = {},
): Promise<Webhook> {
  const dir = await mkdtemp(join(tmpdir(), `day2-webhook-`))
  const [port = 0, plainPort = 0] = await freePorts(2)
  const issued = await day2('certs', 'issue', '--out', dir, '--name', 'localhost', '--ip', '127.0.0.1')
  if (issued.code !== 0) throw new Error(issued.stderr)
  const settingsFile = join(dir, 'settings.yaml')
  const head = { apiVersion: 'day2-admission.dev/v1alpha1', kind: 'Settings' }
  // JSON is YAML.
  await writeFile(settingsFile, JSON.stringify({ ...head, ...settings }))
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
      '--probe-port',
      String(plainPort),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const kill = (): void => void child.kill('SIGKILL')
  process.on('exit', kill)
  const plain = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${plainPort}${path}`)
  await waitFor(`webhook ${name} to be ready`, async () => (await plain('/readyz')).status === 200, {
    fatal: () => child.exitCode !== null,
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${output}`)
  })

  const caBundle = (await readFile(join(dir, 'ca.crt'))).toString('base64')
  const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations'
  const registered = await cluster.request(
    'POST',
    path,
    configuration(name, `https://127.0.0.1:${port}/validate`, caBundle),
  )
  if (registered.status !== 201) throw new Error(`not registered: ${registered.body.at('message').text}`)
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
    process.off('exit', kill)
  }
  t.teardown(async () => {
    await cluster.request('DELETE', `${path}/day2-${name}`)
    await stop()
    await rm(dir, { recursive: true, force: true })
  })
  await called(cluster, name)
  return {
    name,
    log: () => output,
    metrics: async () => (await plain('/metrics')).text(),
    async refusal(command) {
      const { stderr } = await waitFor('the webhook to refuse it', command, { until: ({ code }) => code !== 0 })
      return stderr
    },
    stop,
  }
}

/** The configuration of manifests/, narrowed to what carries the label: the suite runs several webhooks side by side. */
function configuration(name: string, url: string, caBundle: string): object {
  const all = webhookConfiguration(policies, { clientConfig: { url, caBundle }, namespace: 'day2-admission' })
  const chosen = { key: webhookLabel, operator: 'In', values: [name] }
  return {
    ...all,
    metadata: { ...all.metadata, name: `day2-${name}` },
    webhooks: all.webhooks.map((entry) =>
      'namespaceSelector' in entry
        ? {
            ...entry,
            namespaceSelector: { matchExpressions: [...entry.namespaceSelector.matchExpressions, chosen] },
          }
        : { ...entry, objectSelector: { matchExpressions: [chosen] } },
    ),
  }
}

/** The API server learns of a new configuration by its watch, a moment after it was created. */
async function called(cluster: Cluster, name: string): Promise<void> {
  const namespace = `probe-${name}`
  await cluster.request('POST', '/api/v1/namespaces', {
    metadata: { name: namespace, labels: { [webhookLabel]: name } },
  })
  const budgets = `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets?dryRun=All`
  await waitFor(
    `the API server to call webhook ${name}`,
    async () => {
      const { status, body } = await cluster.request('POST', budgets, budget({ maxUnavailable: 0 }))
      return { status, message: body.at('message').text }
    },
    { until: ({ status }) => status === 403 },
  )
}
