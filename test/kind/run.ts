import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ClusterAddress } from '../control-plane/cluster.ts'
import { clusterVariable, sharedAuditPolicy } from '../e2e/support/shared-cluster.ts'
import { imageVariable } from './installed-webhook.ts'

const name = 'day2-admission-test'
const image = 'day2-admission:0.1.0'

/**
 * Builds the image, makes a kind cluster of three zones and an audit log, and runs the end-to-end tests of every policy
 * in it, with the webhook installed from manifests/ and called through its Service. Deletes the cluster in the end.
 */
async function main(): Promise<number> {
  for (const [tool, ...args] of [
    ['docker', 'info', '--format', '{{.ServerVersion}}'],
    ['kind', 'version'],
    ['kubectl', 'version', '--client'],
  ] as const) {
    const problem = answer(tool, args)
    if (problem !== undefined) {
      console.error(`npm run test:kind needs ${needs[tool]}: ${problem}`)
      return 1
    }
  }
  const dir = await mkdtemp(join(tmpdir(), 'day2-kind-'))
  const kubeconfig = join(dir, 'kubeconfig')
  try {
    await run('docker', ['build', '--tag', image, '.'])
    await writeFile(join(dir, 'audit-policy.yaml'), sharedAuditPolicy)
    await writeFile(join(dir, 'audit.log'), '')
    await writeFile(join(dir, 'kind.json'), JSON.stringify(clusterConfig(dir)))
    await run('kind', [
      'create',
      'cluster',
      '--name',
      name,
      '--config',
      join(dir, 'kind.json'),
      '--kubeconfig',
      kubeconfig,
    ])
    await run('kind', ['load', 'docker-image', image, '--name', name])
    const address = await administrator(dir, kubeconfig)
    const suite = fileURLToPath(new URL('../e2e/policies.e2e.js', import.meta.url))
    return await run(process.execPath, [suite], {
      [clusterVariable]: JSON.stringify(address),
      [imageVariable]: image,
      TAP_TIMEOUT: '1800',
    })
  } finally {
    spawnSync('kind', ['delete', 'cluster', '--name', name], { stdio: 'inherit' })
    await rm(dir, { recursive: true, force: true })
  }
}

const needs = {
  docker: 'a running Docker engine',
  kind: 'kind (https://kind.sigs.k8s.io, not the npm package of that name)',
  kubectl: 'kubectl',
}

/** Undefined if the tool answers; else why not, in one line. */
function answer(tool: string, args: readonly string[]): string | undefined {
  const { status, stderr, error } = spawnSync(tool, args, { encoding: 'utf8', timeout: 30_000 })
  if (status === 0) return undefined
  return (error?.message ?? stderr).trim().split('\n').at(-1) ?? `${tool} answered with code ${status}`
}

/** One control plane that writes its audit log into `dir`, and a worker in each of three zones. */
function clusterConfig(dir: string): object {
  const inNode = '/var/log/day2'
  const apiServer = {
    extraArgs: { 'audit-policy-file': `${inNode}/audit-policy.yaml`, 'audit-log-path': `${inNode}/audit.log` },
    extraVolumes: [{ name: 'day2', hostPath: inNode, mountPath: inNode, pathType: 'Directory' }],
  }
  return {
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    nodes: [
      {
        role: 'control-plane',
        extraMounts: [{ hostPath: dir, containerPath: inNode }],
        kubeadmConfigPatches: [JSON.stringify({ kind: 'ClusterConfiguration', apiServer })],
      },
      ...[0, 1, 2].map((zone) => ({ role: 'worker', labels: { 'topology.kubernetes.io/zone': `zone-${zone}` } })),
    ],
  }
}

/** The address that the suite takes: the kubeconfig of kind holds a client certificate, the suite uses a token. */
async function administrator(dir: string, kubeconfig: string): Promise<ClusterAddress> {
  const kubectl = (...args: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync('kubectl', ['--kubeconfig', kubeconfig, ...args], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`kubectl ${args[0]}: ${stderr}`)
    return stdout.trim()
  }
  kubectl('create', 'serviceaccount', 'administrator', '--namespace', 'kube-system')
  kubectl(
    'create',
    'clusterrolebinding',
    'day2-test',
    '--clusterrole=cluster-admin',
    '--serviceaccount=kube-system:administrator',
  )
  const cluster = 'jsonpath={.clusters[0].cluster'
  return {
    dir,
    kubeconfig,
    server: kubectl('config', 'view', '--raw', '-o', `${cluster}.server}`),
    ca: Buffer.from(
      kubectl('config', 'view', '--raw', '-o', `${cluster}.certificate-authority-data}`),
      'base64',
    ).toString(),
    token: kubectl('create', 'token', 'administrator', '--namespace', 'kube-system', '--duration', '4h'),
    kubectlPath: 'kubectl',
  }
}

/** Runs a command in sight and answers with its exit code; all but the suite itself must succeed. */
function run(command: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...env } })
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0 || env) resolve(code ?? 1)
      else reject(new Error(`${command} ${args[0]} ended with code ${code}`))
    })
  })
}

process.exitCode = await main()
