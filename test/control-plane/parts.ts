import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { randomInt } from 'node:crypto'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'
import { repository } from './repository.ts'

/** In the order of their start. */
export const partNames = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok'] as const
export type PartName = (typeof partNames)[number]

export interface Layout {
  readonly dir: string
  readonly kubeconfig: string
  /** The serving certificate that the API server signs for itself; also its authority. */
  readonly ca: string
  readonly server: string
  readonly ports: Ports
}

interface Ports {
  readonly etcdPeer: number
  readonly etcd: number
  readonly api: number
  readonly controllers: number
  readonly scheduler: number
  readonly kwok: number
}

/** Paths and ports of a control plane in a folder. Ports are free ones, kept over restarts of a part. */
export async function layOut(dir: string, apiPort?: number): Promise<Layout> {
  const [etcd = 0, etcdPeer = 0, controllers = 0, scheduler = 0, kwok = 0, free = 0] = await freePorts(6)
  const api = apiPort ?? free
  return {
    dir,
    kubeconfig: join(dir, 'kubeconfig'),
    ca: join(dir, 'tls/apiserver.crt'),
    server: `https://127.0.0.1:${api}`,
    ports: { etcd, etcdPeer, api, controllers, scheduler, kwok },
  }
}

/** The flags of each part; those given by a test come after them and win. */
export function partArgs({ dir, kubeconfig, ca, ports }: Layout): { readonly [P in PartName]: readonly string[] } {
  const etcd = `http://127.0.0.1:${ports.etcd}`
  const etcdPeer = `http://127.0.0.1:${ports.etcdPeer}`
  const serviceAccountKey = join(dir, 'sa.key')
  const asClient = (port: number): string[] => [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    '--leader-elect=false',
    ...unhurried,
  ]
  return {
    etcd: [
      `--data-dir=${join(dir, 'etcd')}`,
      '--unsafe-no-fsync',
      `--listen-client-urls=${etcd}`,
      `--advertise-client-urls=${etcd}`,
      `--listen-peer-urls=${etcdPeer}`,
      `--initial-advertise-peer-urls=${etcdPeer}`,
      `--initial-cluster=default=${etcdPeer}`,
    ],
    'kube-apiserver': [
      `--etcd-servers=${etcd}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${ports.api}`,
      `--cert-dir=${join(dir, 'tls')}`,
      '--authorization-mode=RBAC',
      `--token-auth-file=${join(dir, 'tokens.csv')}`,
      '--allow-privileged=true',
      '--service-cluster-ip-range=10.0.0.0/24',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${serviceAccountKey}`,
      `--service-account-signing-key-file=${serviceAccountKey}`,
    ],
    'kube-controller-manager': [
      ...asClient(ports.controllers),
      '--use-service-account-credentials=true',
      `--service-account-private-key-file=${serviceAccountKey}`,
      `--root-ca-file=${ca}`,
      '--allocate-node-cidrs=false',
    ],
    'kube-scheduler': asClient(ports.scheduler),
    kwok: [
      `--kubeconfig=${kubeconfig}`,
      '--manage-all-nodes=false',
      '--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake',
      '--node-ip=127.0.0.1',
      '--node-lease-duration-seconds=40',
      `--server-address=127.0.0.1:${ports.kwok}`,
      `--config=${join(repository, 'test/control-plane/kubelet.yaml')}`,
    ],
  }
}

// Controllers hold themselves back for the sake of big clusters; this one is small and in a hurry. kwok never does.
const unhurried = ['--kube-api-qps=1000', '--kube-api-burst=2000']

/** Where each part says that it is up. */
export function healthUrl(part: PartName, { server, ports }: Layout): string {
  switch (part) {
    case 'etcd':
      return `http://127.0.0.1:${ports.etcd}/readyz`
    case 'kube-apiserver':
      return `${server}/readyz`
    case 'kube-controller-manager':
      return `https://127.0.0.1:${ports.controllers}/healthz`
    case 'kube-scheduler':
      return `https://127.0.0.1:${ports.scheduler}/healthz`
    case 'kwok':
      return `http://127.0.0.1:${ports.kwok}/healthz`
  }
}

/** True if a probe answers 200. Who serves it is not checked: it is a child of ours, on loopback. */
export function answers(url: string, token: string): Promise<boolean> {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest
  const options = { timeout: 5_000, rejectUnauthorized: false, headers: { authorization: `Bearer ${token}` } }
  return new Promise((resolve, reject) => {
    request(url, options, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode === 200))
    })
      .once('timeout', () => reject(new Error(`${url} does not answer`)))
      .once('error', reject)
      .end()
  })
}

/**
 * Ports that are free at this moment; held together, so that no two are the same. Below those that the system hands out
 * to whoever connects: one of these would be taken again before a process listens on it.
 */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = []
  while (servers.length < count) servers.push(await listenSomewhere())
  // A server listening on a TCP port has an AddressInfo, never a string or null.
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

async function listenSomewhere(attempts = 100): Promise<Server> {
  const server = createServer()
  try {
    await new Promise<void>((resolve, reject) =>
      server.once('error', reject).listen(randomInt(10_000, 32_000), '127.0.0.1', resolve),
    )
    return server
  } catch (error) {
    if (attempts === 0) throw error
    return listenSomewhere(attempts - 1)
  }
}
