import { collectionPath } from '../../src/kube/list.ts'
import { findKind, groupOf, kinds, type KindInfo } from '../../src/sdk/kinds.ts'
import type { AnyObject, KindName } from '../../src/sdk/objects.ts'
import type { ApiResponse, Json } from '../control-plane/client.ts'
import type { Cluster } from '../control-plane/cluster.ts'
import { nodeObject, type NodeOptions } from '../control-plane/nodes.ts'

/** Where one case lives: a namespace of its own, and cluster-scoped objects whose names begin with its name. */
export interface Place {
  readonly name: string
  readonly cluster: Cluster
  /** What was created, as it was sent. */
  readonly sent: readonly object[]
  /** Sends an object; the answer may be a refusal. */
  post(object: object, query?: string): Promise<ApiResponse>
  /** Sends objects that must be accepted, and returns them as they are stored. */
  create(...objects: readonly object[]): Promise<AnyObject[]>
  /** Adds a simulated node, which goes with the others. */
  addNode(node: NodeOptions): Promise<void>
  read(kind: KindName, name: string): Promise<Json>
  /** Those of this namespace, with apiVersion and kind. */
  list(kind: KindName): Promise<AnyObject[]>
  patch(kind: KindName, name: string, patch: object): Promise<void>
  remove(kind: KindName, name: string): Promise<void>
  /** Asks for everything to go away, and waits for none of it. */
  close(): Promise<void>
}

const noGrace = 'gracePeriodSeconds=0&propagationPolicy=Background'

export async function openPlace(cluster: Cluster, name: string): Promise<Place> {
  const { request } = cluster
  const pathOf = (info: KindInfo) => collectionPath(info, info.namespaced ? name : '')
  const own: string[] = []
  const sent: object[] = []
  const place: Place = {
    name,
    cluster,
    sent,
    async post(object, query = '') {
      const info = infoOfObject(object)
      const answer = await request('POST', `${pathOf(info)}${query && `?${query}`}`, object)
      if (answer.status === 201 && query === '' && !info.namespaced)
        own.push(`${pathOf(info)}/${answer.body.at('metadata', 'name').text}`)
      return answer
    },
    async create(...objects) {
      const stored: AnyObject[] = []
      for (const object of objects) {
        const { status, body } = await place.post(object)
        if (status !== 201) throw new Error(`refused in ${name}: ${body.at('message').text}\n${JSON.stringify(object)}`)
        sent.push(object)
        stored.push(body.value as AnyObject)
      }
      return stored
    },
    async addNode(node) {
      sent.push(nodeObject(node))
      own.push(`${pathOf(infoOf('Node'))}/${node.name}`)
      await cluster.addNode(node)
    },
    read: async (kind, object) => (await request('GET', `${pathOf(infoOf(kind))}/${object}`)).body,
    async list(kind) {
      const info = infoOf(kind)
      const apiVersion = [info.group, info.version].filter(Boolean).join('/')
      const { body } = await request('GET', pathOf(info))
      return body.at('items').items.map(({ value }) => ({ apiVersion, kind, ...(value as object) }))
    },
    async patch(kind, object, patch) {
      const merge = { contentType: 'application/merge-patch+json' }
      const { status, body } = await request('PATCH', `${pathOf(infoOf(kind))}/${object}`, patch, merge)
      if (status !== 200) throw new Error(`patch of ${object} in ${name}: ${body.at('message').text}`)
    },
    async remove(kind, object) {
      await request('DELETE', `${pathOf(infoOf(kind))}/${object}?${noGrace}`)
    },
    async close() {
      // While the namespace ends, no controller makes new Pods for those that go.
      await request('DELETE', `/api/v1/namespaces/${name}`)
      await request('DELETE', `${pathOf(infoOf('Pod'))}?gracePeriodSeconds=0`)
      for (const path of own.reverse()) await request('DELETE', `${path}?${noGrace}`)
    },
  }
  const created = await request('POST', '/api/v1/namespaces', { metadata: { name, labels: { team: 'a' } } })
  if (created.status !== 201) throw new Error(`namespace ${name}: ${created.body.at('message').text}`)
  // Without it no Pod is admitted, and its controller is in no hurry.
  await request('POST', `/api/v1/namespaces/${name}/serviceaccounts`, { metadata: { name: 'default' } })
  return place
}

function infoOf(kind: KindName): KindInfo {
  const info = kinds.get(kind)
  if (!info) throw new Error(kind)
  return info
}

function infoOfObject(object: object): KindInfo {
  const { apiVersion, kind = '' } = object as { apiVersion?: string; kind?: string }
  const info = findKind(groupOf(apiVersion), kind)
  if (!info) throw new Error(`no kind of ${JSON.stringify(object)}`)
  return info
}
