import { existsSync, statSync } from 'node:fs'
import type { RequestOptions } from 'node:https'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { KubeConfig, User } from '@kubernetes/client-node'
import { KubeFailure } from './failure.ts'

/** Where to find the cluster and who we are there. */
export interface Source {
  /** Path of a kubeconfig. Left out: `KUBECONFIG`, then the Pod's service account, then `~/.kube/config`. */
  readonly kubeconfig?: string
  /** A context other than the current one. */
  readonly context?: string
  /** Folder under which the service account is mounted; for tests. */
  readonly serviceAccountRoot?: string
  readonly env?: { readonly [name: string]: string | undefined }
}

export interface Credentials {
  /** `https://host:port`, without a slash at the end; may have a path. */
  readonly server: string
  /** TLS options and headers for one request. Token files, certificate files and plugins are read again when due. */
  options(): Promise<RequestOptions>
  /** Forgets every cached credential and reads the source again, after the API server refused what we had. */
  reload(): Promise<void>
}

/**
 * Reads connection and credentials with client-node's KubeConfig, and nothing else of it: its typed calls drop and
 * rename fields, and its import costs half a second, so it is loaded here and only when a cluster is needed.
 * @throws KubeFailure `D2_KUBE_CONFIG` where there is no usable configuration.
 */
export async function loadCredentials(source: Source): Promise<Credentials> {
  let config = await load(source)
  let pending: Promise<RequestOptions> | undefined
  let reloading: Promise<void> | undefined
  return {
    server: serverOf(config, source),
    // Many watches start at once: an exec plugin is run once for all of them, not once for each.
    async options() {
      pending ??= optionsOf(config).finally(() => (pending = undefined))
      const { headers, ...rest } = await pending
      return { ...rest, headers: { ...headers } }
    },
    async reload() {
      reloading ??= load(source)
        .then((fresh) => void (config = fresh))
        .finally(() => (reloading = undefined))
      await reloading
    },
  }
}

async function load(source: Source): Promise<KubeConfig> {
  const { KubeConfig } = await import('./kube-config.ts')
  const config = new KubeConfig()
  const env = source.env ?? process.env
  const place = placeOf(source, env)
  if (place.kind === 'pod') {
    config.loadFromCluster(source.serviceAccountRoot ?? '')
    return config
  }
  for (const file of place.files) {
    const next = new KubeConfig()
    read(next, file)
    if (file === place.files[0]) config.loadFromOptions(next)
    else merge(config, next, file)
  }
  if (source.context !== undefined) config.setCurrentContext(source.context)
  const file = place.files.join(':')
  if (!config.getContextObject(config.currentContext)) {
    const what = config.currentContext ? `has no context "${config.currentContext}"` : 'names no current context'
    const names = config.contexts.map(({ name }) => name).join(', ')
    throw new KubeFailure('D2_KUBE_CONFIG', `kubeconfig ${file} ${what}; choose one of: ${names || 'it has none'}`)
  }
  if (!hasCredentials(config.getCurrentUser())) {
    const sentence = `context "${config.currentContext}" of kubeconfig ${file} has no user with a token, client certificate, plugin or password (tokenFile is not read)`
    throw new KubeFailure('D2_KUBE_CONFIG', sentence)
  }
  describePlugin(config)
  return config
}

// client-node does not know `tokenFile` and would go on without credentials, to be refused as anonymous.
function hasCredentials(user: User | null): boolean {
  if (!user) return false
  return Boolean(user.token || user.certData || user.certFile || user.exec || user.authProvider || user.username)
}

type Place = { readonly kind: 'pod' } | { readonly kind: 'files'; readonly files: readonly string[] }

// The order of controller-runtime: what was asked for, the environment, the Pod's own account, the user's file.
function placeOf(source: Source, env: { readonly [name: string]: string | undefined }): Place {
  if (source.kubeconfig !== undefined) return { kind: 'files', files: [source.kubeconfig] }
  const listed = (env['KUBECONFIG'] ?? '').split(process.platform === 'win32' ? ';' : ':').filter(Boolean)
  if (listed.length > 0) return { kind: 'files', files: listed }
  const token = `${source.serviceAccountRoot ?? ''}/var/run/secrets/kubernetes.io/serviceaccount/token`
  if (env['KUBERNETES_SERVICE_HOST'] && existsSync(token)) return { kind: 'pod' }
  const file = join(env['HOME'] ?? homedir(), '.kube', 'config')
  if (existsSync(file)) return { kind: 'files', files: [file] }
  throw new KubeFailure(
    'D2_KUBE_CONFIG',
    `no cluster given: not in a Pod, KUBECONFIG is not set and ${file} is missing`,
  )
}

function read(config: KubeConfig, file: string): void {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (!stat?.isFile()) {
    throw new KubeFailure('D2_KUBE_CONFIG', `kubeconfig ${file} ${stat ? 'is not a file' : 'does not exist'}`)
  }
  try {
    config.loadFromFile(file)
  } catch (error) {
    // The parser's own message quotes the file, tokens and all; only its line number may leave.
    throw new KubeFailure('D2_KUBE_CONFIG', `kubeconfig ${file} cannot be read${reasonOf(error)}`)
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  if ('mark' in error && typeof error.mark === 'object' && error.mark !== null && 'line' in error.mark) {
    return `: it is not YAML at line ${Number(error.mark.line) + 1}`
  }
  if ('code' in error && typeof error.code === 'string') return `: ${error.code}`
  return /^\w+\[\d+\][\w.]* is missing$/.test(error.message) ? `: ${error.message}` : ': it is not a kubeconfig'
}

// kubectl lets the first file win where two define one name; client-node throws.
function merge(config: KubeConfig, next: KubeConfig, file: string): void {
  try {
    const known = <T extends { name: string }>(have: readonly T[], add: readonly T[]): T[] =>
      add.filter(({ name }) => !have.some((one) => one.name === name))
    next.clusters = known(config.clusters, next.clusters)
    next.users = known(config.users, next.users)
    next.contexts = known(config.contexts, next.contexts)
    config.mergeConfig(next, Boolean(config.currentContext))
  } catch {
    throw new KubeFailure('D2_KUBE_CONFIG', `kubeconfig ${file} cannot be merged with the ones before it`)
  }
}

// client-go tells plugins whom they serve; some (GKE's) refuse to run without it.
function describePlugin(config: KubeConfig): void {
  const user = config.getCurrentUser()
  // The typings leave `exec` untyped; it is the kubeconfig's own ExecConfig.
  const exec = user?.exec as { apiVersion?: string; env?: { name: string; value: string }[] | null } | null | undefined
  if (!exec) return
  const env = exec.env ?? []
  if (env.some(({ name }) => name === 'KUBERNETES_EXEC_INFO')) return
  const info = { kind: 'ExecCredential', apiVersion: exec.apiVersion, spec: { interactive: false } }
  exec.env = [...env, { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }]
}

function serverOf(config: KubeConfig, source: Source): string {
  const cluster = config.getCurrentCluster()
  const server = cluster?.server.replace(/\/+$/, '') ?? ''
  if (!cluster || !URL.canParse(server)) {
    const file = source.kubeconfig ?? 'the kubeconfig'
    throw new KubeFailure(
      'D2_KUBE_CONFIG',
      `context "${config.currentContext}" of ${file} names no cluster with a server`,
    )
  }
  if (!server.startsWith('https:')) {
    throw new KubeFailure('D2_KUBE_CONFIG', `the server ${server} is not https; credentials are only sent over TLS`)
  }
  return server
}

async function optionsOf(config: KubeConfig): Promise<RequestOptions> {
  const options: RequestOptions = {}
  try {
    await config.applyToHTTPSOptions(options)
  } catch (error) {
    throw new KubeFailure('D2_KUBE_CREDENTIALS', credentialSentence(config, error))
  }
  // client-node makes an agent without keep-alive that pins the first certificate; its proxy agents are needed.
  if (!config.getCurrentCluster()?.proxyUrl) delete options.agent
  const headers = { ...options.headers } as { Authorization?: string }
  // A token file may end in a line break, which no header may hold.
  if (headers.Authorization) headers.Authorization = headers.Authorization.trim()
  return { ...options, headers: { ...headers } }
}

function credentialSentence(config: KubeConfig, error: unknown): string {
  const user = config.getCurrentUser()
  const command = (user?.exec as { command?: string } | null | undefined)?.command
  const reason = error instanceof Error ? redact(error.message.trim().split('\n')[0] ?? '') : ''
  const who = command
    ? `the credential plugin "${command}" failed`
    : `the credentials of user "${user?.name}" cannot be read`
  return reason ? `${who}: ${reason}` : who
}

// What plugins and file systems complain with is for the user; anything that looks like a token is not.
function redact(text: string): string {
  return text
    .replace(/[A-Za-z0-9+/_=.-]{40,}/g, (word) => (word.includes('/') && existsSync(word) ? word : '…'))
    .slice(0, 200)
}
