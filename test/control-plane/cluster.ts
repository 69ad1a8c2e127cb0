import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient, json, type ApiRequest, type Json } from './client.ts'
import { createKubectl, type Kubectl } from './kubectl.ts'
import { nodeObject, type NodeOptions } from './nodes.ts'
import { waitFor } from './wait.ts'

/** All that it takes to use a running control plane, as plain JSON. */
export interface ClusterAddress {
  readonly dir: string
  readonly kubeconfig: string
  readonly server: string
  /** Of the administrator. */
  readonly token: string
  /** PEM. */
  readonly ca: string
  readonly kubectlPath: string
}

export interface Cluster extends ClusterAddress {
  readonly kubectl: Kubectl
  readonly request: ApiRequest
  /** What the audit policy let through, oldest first. */
  auditLog(): Promise<Json[]>
  /** Creates a simulated node and waits until it is Ready. */
  readonly addNode: (node: NodeOptions) => Promise<void>
  readonly close: () => void
}

export function connect(address: ClusterAddress): Cluster {
  const { dir, kubeconfig, server, ca, token, kubectlPath } = address
  const { request, close } = createClient(server, ca, token)
  return {
    ...address,
    // Discovery is cached by server address, and another control plane may have had the same port.
    kubectl: createKubectl(kubectlPath, { KUBECONFIG: kubeconfig, KUBECACHEDIR: join(dir, 'cache') }),
    request,
    close,
    auditLog: followLog(join(dir, 'audit.log')),
    addNode: (node) => addNode(request, node),
  }
}

async function addNode(request: ApiRequest, node: NodeOptions): Promise<void> {
  const { status, body } = await request('POST', '/api/v1/nodes', nodeObject(node))
  if (status !== 201) throw new Error(`node ${node.name} was not created: ${body.at('message').text}`)
  await waitFor(`node ${node.name} to be Ready`, async () => {
    const { body: seen } = await request('GET', `/api/v1/nodes/${node.name}`)
    const ready = seen.at('status', 'conditions').items.find((condition) => condition.at('type').text === 'Ready')
    // The lifecycle controller takes this taint away a moment after the node became Ready.
    const taints = seen.at('spec', 'taints').items.map((taint) => taint.at('key').text)
    return ready?.at('status').text === 'True' && !taints.includes('node.kubernetes.io/not-ready')
  })
}

/** Reads lines of JSON, at each call only those that were written since. */
function followLog(path: string): () => Promise<Json[]> {
  const events: Json[] = []
  let read = 0
  let reading = Promise.resolve()
  const readOn = async (): Promise<void> => {
    const file = await open(path)
    try {
      const { size } = await file.stat()
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - read), 0, size - read, read)
      // The last line may be half written.
      const whole = buffer.subarray(0, bytesRead).lastIndexOf('\n') + 1
      const lines = buffer.toString('utf8', 0, whole).split('\n').filter(Boolean)
      for (const line of lines) events.push(json(JSON.parse(line)))
      read += whole
    } finally {
      await file.close()
    }
  }
  return async () => {
    // One after the other, or lines would be taken twice.
    reading = reading.then(readOn, readOn)
    await reading
    return [...events]
  }
}
