import type { Json } from '../../control-plane/client.ts'
import type { Cluster } from '../../control-plane/cluster.ts'
import type { CommandResult, KubectlOptions } from '../../control-plane/kubectl.ts'
import { waitFor } from '../../control-plane/wait.ts'

/** The label by which a namespace, or a cluster-scoped object, chooses the webhook of a test. */
export const webhookLabel = 'day2.test/webhook'

export interface Namespace {
  readonly name: string
  /** kubectl in this namespace. */
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<CommandResult>
  /** `kubectl apply` of all objects. */
  apply(...objects: readonly object[]): Promise<CommandResult>
  /** Applies objects that must be accepted. */
  accept(...objects: readonly object[]): Promise<void>
  /** Reads `pods`, `pods/web` or `apps/v1/deployments/web` of this namespace. */
  readonly get: (path: string) => Promise<Json>
  /** The messages of all events with one of these reasons. */
  events(...reasons: readonly string[]): Promise<string[]>
}

/** Creates a namespace, whose objects the webhook of that name reviews; without a name none does. */
export async function openNamespace(cluster: Cluster, name: string, webhook?: string): Promise<Namespace> {
  const labels = webhook ? { [webhookLabel]: webhook } : {}
  const created = await cluster.request('POST', '/api/v1/namespaces', { metadata: { name, labels } })
  if (created.status !== 201) throw new Error(`namespace ${name}: ${created.body.at('message').text}`)
  const get = async (path: string): Promise<Json> => {
    const [resource = '', object] = path.split('/').slice(path.includes('/v') ? 2 : 0)
    const group = path.includes('/v') ? `/apis/${path.split('/', 2).join('/')}` : '/api/v1'
    const { body } = await cluster.request(
      'GET',
      `${group}/namespaces/${name}/${[resource, object].filter(Boolean).join('/')}`,
    )
    return body
  }
  await waitFor(
    `the service account of ${name}`,
    // The answer that it is not there has metadata too.
    async () => (await get('serviceaccounts/default')).at('metadata', 'name').value,
  )
  const kubectl = (args: readonly string[], options?: KubectlOptions): Promise<CommandResult> =>
    cluster.kubectl(['--namespace', name, ...args], options)
  const apply = (...objects: readonly object[]): Promise<CommandResult> =>
    kubectl(['apply', '-f', '-'], { input: list(objects) })
  return {
    name,
    kubectl,
    apply,
    async accept(...objects) {
      const { code, stderr } = await apply(...objects)
      if (code !== 0) throw new Error(`refused in ${name}: ${stderr}`)
    },
    get,
    async events(...reasons) {
      const events = await get('events')
      const wanted = events.at('items').items.filter((event) => reasons.includes(event.at('reason').text))
      return wanted.map((event) => event.at('message').text)
    },
  }
}

/** A List, as one document of JSON. */
export function list(objects: readonly object[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })
}
