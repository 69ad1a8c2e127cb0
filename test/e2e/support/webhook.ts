import { webhookConfiguration, type ClientConfig } from '../../../manifests/webhook-configuration.ts'
import { policies } from '../../../policies/index.ts'
import type { Cluster } from '../../control-plane/cluster.ts'
import type { CommandResult } from '../../control-plane/kubectl.ts'
import { waitFor } from '../../control-plane/wait.ts'
import { imageVariable, installWebhook } from '../../kind/installed-webhook.ts'
import { webhookLabel } from './namespace.ts'
import { budget } from './objects.ts'
import { serveWebhook } from './served-webhook.ts'

export interface Webhook {
  /** Namespaces and cluster-scoped objects choose it by `day2.test/webhook: <name>`. */
  readonly name: string
  /** What the webhook logged so far, one object a line. */
  log(): string
  metrics(): Promise<string>
  /** Repeats a command until the webhook's inventory knows what was applied just before, and returns the refusal. */
  refusal(command: () => Promise<CommandResult>): Promise<string>
  /** Repeats a command until the webhook knows what changed just before, and returns what a user reads beside success. */
  passing(command: () => Promise<CommandResult>): Promise<string>
  /** Writes other settings and resolves once they are in force. */
  replaceSettings(settings: object): Promise<void>
  /** Ends the process and leaves the registration in place. */
  stop(): Promise<void>
}

/**
 * Serves the webhook, as a process beside the cluster or, where the run says so, as Pods in it, and registers the
 * configuration of `manifests/` for it and for the namespaces that chose it. Resolves once the API server calls it.
 */
export async function startWebhook(
  t: { teardown(fn: () => unknown): unknown },
  cluster: Cluster,
  name: string,
  settings: object = {},
): Promise<Webhook> {
  const serve = process.env[imageVariable] ? installWebhook : serveWebhook
  const served = await serve(cluster, name, settings)
  const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations'
  const registered = await cluster.request('POST', path, configuration(name, served.clientConfig))
  if (registered.status !== 201) throw new Error(`not registered: ${registered.body.at('message').text}`)
  t.teardown(async () => {
    await cluster.request('DELETE', `${path}/day2-${name}`)
    await served.remove()
  })
  await called(cluster, name)
  return {
    name,
    log: () => served.log(),
    metrics: () => served.metrics(),
    async refusal(command) {
      const { stderr } = await waitFor('the webhook to refuse it', command, { until: ({ code }) => code !== 0 })
      return stderr
    },
    async passing(command) {
      const { stderr } = await waitFor('the webhook to let it pass', command, { until: ({ code }) => code === 0 })
      return stderr
    },
    replaceSettings: (fresh) => served.replaceSettings(fresh),
    stop: () => served.stop(),
  }
}

// An answer that comes too late lets everything in, which on a busy machine would say nothing about the rules.
const timeoutSeconds = 30

/** The configuration of manifests/, narrowed to what carries the label: the suite runs several webhooks side by side. */
function configuration(name: string, clientConfig: ClientConfig): object {
  const all = webhookConfiguration(policies, { clientConfig, namespace: 'day2-admission' })
  const chosen = { key: webhookLabel, operator: 'In', values: [name] }
  return {
    ...all,
    metadata: { ...all.metadata, name: `day2-${name}` },
    webhooks: all.webhooks.map((entry) =>
      'namespaceSelector' in entry
        ? {
            ...entry,
            timeoutSeconds,
            namespaceSelector: { matchExpressions: [...entry.namespaceSelector.matchExpressions, chosen] },
          }
        : { ...entry, timeoutSeconds, objectSelector: { matchExpressions: [chosen] } },
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
