import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { findBinaries } from './binaries.ts'
import { connect, type Cluster, type ClusterAddress } from './cluster.ts'
import { createPart, type Part } from './part.ts'
import { answers, healthUrl, layOut, partArgs, partNames, type Layout, type PartName } from './parts.ts'
import { startReaper } from './reaper.ts'
import { waitFor } from './wait.ts'

export interface ControlPlaneOptions {
  /** Simulated nodes, dealt to the zones in turn; none by default. */
  readonly nodes?: number
  readonly zones?: readonly string[]
  /** Holds the state of etcd, logs and kubeconfig. Left out: a temporary folder, deleted at the end. */
  readonly dir?: string
  readonly apiPort?: number
  /** Further flags for each part. */
  readonly flags?: { readonly [P in PartName]?: readonly string[] }
  /** YAML of an audit policy; `auditLog` reads what it lets through. */
  readonly auditPolicy?: string
  readonly log?: (line: string) => void
}

export interface ControlPlane extends Cluster {
  /** With it other processes connect to the same control plane. */
  readonly address: ClusterAddress
  stop(part: PartName): Promise<void>
  start(part: PartName): Promise<void>
  stopAll(): Promise<void>
}

/**
 * Starts etcd, kube-apiserver (RBAC on), kube-controller-manager, kube-scheduler and kwok on loopback, and resolves when
 * all nodes are Ready. Nothing outlives this process, however it ends.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const { nodes = 0, zones = ['zone-0', 'zone-1', 'zone-2'], flags = {}, auditPolicy, log } = options
  const binaries = await findBinaries(log)
  const path = (name: PartName | 'kubectl'): string => binaries.get(name) ?? name
  const reaper = startReaper()
  const dir = options.dir ? resolve(options.dir) : await mkdtemp(join(tmpdir(), 'day2-control-plane-'))
  if (!options.dir) reaper.remove(dir)
  const layout = await layOut(dir, options.apiPort)
  const token = await writeFiles(layout, auditPolicy)
  const auditFlags = auditPolicy
    ? [`--audit-policy-file=${join(dir, 'audit-policy.yaml')}`, `--audit-log-path=${join(dir, 'audit.log')}`]
    : []

  const args = partArgs(layout)
  const parts = new Map<PartName, Part>(
    partNames.map((name) => [
      name,
      createPart({
        name,
        path: path(name),
        args: [...args[name], ...(name === 'kube-apiserver' ? auditFlags : []), ...(flags[name] ?? [])],
        log: join(dir, `${name}.log`),
        reaper,
        ready: () => answers(healthUrl(name, layout), token),
      }),
    ]),
  )
  const part = (name: PartName): Part => {
    const found = parts.get(name)
    if (!found) throw new Error(`no such part of the control plane: ${name}`)
    return found
  }

  let cluster: Cluster | undefined
  const discard = (): void => {
    cluster?.close()
    process.off('exit', discard)
    for (const each of parts.values()) each.kill()
    if (!options.dir) rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
  }
  process.on('exit', discard)

  try {
    await part('etcd').start()
    await part('kube-apiserver').start()
    await Promise.all([part('kube-controller-manager').start(), part('kube-scheduler').start(), part('kwok').start()])
    const { kubeconfig, server } = layout
    const ca = await readFile(layout.ca, 'utf8')
    const address = { dir, kubeconfig, server, token, ca, kubectlPath: path('kubectl') }
    const { addNode, request } = (cluster = connect(address))
    await Promise.all(
      Array.from({ length: nodes }, (_, n) => addNode({ name: `node-${n}`, zone: zones[n % zones.length] ?? '' })),
    )
    await waitFor('the default service account', async () => {
      return (await request('GET', '/api/v1/namespaces/default/serviceaccounts/default')).status === 200
    })
    return {
      ...cluster,
      address,
      stop: (name) => part(name).stop(),
      start: (name) => part(name).start(),
      async stopAll() {
        // The clients first, so that none of them complains about the others.
        for (const name of partNames.toReversed()) await part(name).stop()
        discard()
        reaper.close()
      },
    }
  } catch (error) {
    discard()
    reaper.close()
    throw error
  }
}

/** Writes what the parts read, and returns the token of the administrator. */
async function writeFiles({ dir, kubeconfig, ca, server }: Layout, auditPolicy?: string): Promise<string> {
  await mkdir(dir, { recursive: true })
  const token = randomBytes(16).toString('hex')
  await writeFile(join(dir, 'tokens.csv'), `${token},admin,admin,"system:masters"\n`, { mode: 0o600 })
  const serviceAccountKey = join(dir, 'sa.key')
  if (!existsSync(serviceAccountKey)) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    await writeFile(serviceAccountKey, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 })
  }
  if (auditPolicy) await writeFile(join(dir, 'audit-policy.yaml'), auditPolicy)
  // JSON is YAML, and needs no quoting of paths.
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'local', cluster: { server, 'certificate-authority': ca } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'local', context: { cluster: 'local', user: 'admin', namespace: 'default' } }],
    'current-context': 'local',
  }
  await mkdir(dirname(kubeconfig), { recursive: true })
  await writeFile(kubeconfig, JSON.stringify(config, undefined, 2), { mode: 0o600 })
  return token
}
