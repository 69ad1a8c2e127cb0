import { collectionPath } from '../../../src/kube/list.ts'
import type { Entry } from '../../../src/inventory/files.ts'
import { kinds, type KindInfo } from '../../../src/sdk/kinds.ts'
import type { AnyObject, KindName } from '../../../src/sdk/objects.ts'
import type { Cluster } from '../../control-plane/cluster.ts'
import type { Situation } from '../../support/ways.ts'

/** A situation in a real cluster, as the API server stored it. */
export interface Placed {
  readonly object: AnyObject
  readonly others: readonly Entry[]
  /** The Namespaces that they are in, and the default account of each, where the situation does not bring them. */
  readonly around: readonly Entry[]
  /** What the API server says where it refuses one of the objects; nothing is left then. */
  readonly refusal?: string
  /** Takes everything away again, at once. */
  remove(): Promise<void>
}

/**
 * Creates the objects of a situation: first the one under review, so that no LimitRange, quota or default class of the
 * others changes or refuses it, which the examples are not about.
 */
export async function putInto(
  cluster: Cluster,
  { info, object, others }: Pick<Situation, 'info' | 'object' | 'others'>,
): Promise<Placed> {
  const undo: (() => Promise<unknown>)[] = []
  const remove = async () => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  const place = async (kind: KindInfo, given: AnyObject): Promise<AnyObject> => {
    const { namespace = '', name = '' } = given.metadata ?? {}
    const collection = collectionPath(kind, namespace ?? '')
    const path = `${collection}/${encodeURIComponent(name ?? '')}`
    if (namespace) await openNamespace(cluster, namespace)
    if (kind.kind === 'Namespace') return await labelled(cluster, given, undo)
    if (kind.kind === 'ServiceAccount' && name === 'default') {
      await removeAtOnce(cluster, path)
      undo.push(() => cluster.request('POST', collection, { metadata: { name } }))
    }
    const created = await cluster.request('POST', collection, given)
    if (created.status !== 201) throw new Refusal(`${collection} ${created.status}: ${created.body.at('message').text}`)
    undo.push(() => removeAtOnce(cluster, path))
    const merge = { contentType: 'application/merge-patch+json' }
    const { status, spec } = given as { status?: unknown; spec?: { taints?: unknown } }
    // A new Node is tainted as not ready, until a controller has heard of it; none runs.
    const untainted =
      kind.kind === 'Node'
        ? await cluster.request('PATCH', path, { spec: { taints: spec?.taints ?? null } }, merge)
        : created
    if (status === undefined) return untainted.body.value as AnyObject
    const patched = await cluster.request('PATCH', `${path}/status`, { status }, merge)
    if (patched.status !== 200) throw new Refusal(`${path} ${patched.status}: ${patched.body.at('message').text}`)
    return patched.body.value as AnyObject
  }
  try {
    const isAccount = ({ kind }: Entry) => kind === 'ServiceAccount'
    const beside: Entry[] = []
    const placeBeside = async (entries: readonly Entry[]) => {
      for (const entry of entries) {
        const kind = kinds.get(entry.kind)
        if (!kind) throw new Error(entry.kind)
        beside.push({ ...entry, object: await place(kind, entry.object) })
      }
    }
    // Without its account no Pod is admitted.
    await placeBeside(others.filter(isAccount))
    const stored = await place(info, object)
    await placeBeside(others.filter((entry) => !isAccount(entry)))
    const own = [entryOf(info, object), ...others]
    return { object: stored, others: beside, around: await readAround(cluster, own), remove }
  } catch (error) {
    await remove()
    if (error instanceof Refusal) return { object, others, around: [], refusal: error.message, remove }
    throw error
  }
}

class Refusal extends Error {}

/** A namespace as a controller would leave it: without its default account no Pod is admitted. */
async function openNamespace(cluster: Cluster, namespace: string): Promise<void> {
  const opened = namespacesOf.get(cluster) ?? new Set()
  namespacesOf.set(cluster, opened)
  if (opened.has(namespace)) return
  opened.add(namespace)
  const created = await cluster.request('POST', '/api/v1/namespaces', { metadata: { name: namespace } })
  if (created.status === 201)
    await cluster.request('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name: 'default' } })
}

// None is ever deleted: see below.
const namespacesOf = new WeakMap<Cluster, Set<string>>()

async function readAround(cluster: Cluster, own: readonly Entry[]): Promise<Entry[]> {
  const read = async (kind: KindName, namespace: string, name: string): Promise<Entry[]> => {
    if (own.some((each) => each.kind === kind && each.namespace === namespace && each.name === name)) return []
    const root = namespace ? `/api/v1/namespaces/${namespace}/serviceaccounts` : '/api/v1/namespaces'
    const { body } = await cluster.request('GET', `${root}/${name}`)
    return [{ kind, namespace, name, object: body.value as AnyObject }]
  }
  const namespaces = [...new Set(own.map(({ namespace }) => namespace).filter(Boolean))]
  const around = namespaces.flatMap((name) => [read('Namespace', '', name), read('ServiceAccount', name, 'default')])
  return (await Promise.all(around)).flat()
}

function entryOf({ kind }: KindInfo, object: AnyObject): Entry {
  const { namespace, name } = object.metadata ?? {}
  return { kind, namespace: namespace ?? '', name: name ?? '', object }
}

// A Namespace cannot be deleted while no controller empties it: it stays, without its labels.
async function labelled(cluster: Cluster, given: AnyObject, undo: (() => Promise<unknown>)[]): Promise<AnyObject> {
  const { name, labels, annotations } = given.metadata ?? {}
  await openNamespace(cluster, name ?? '')
  const merge = { contentType: 'application/merge-patch+json' }
  const path = `/api/v1/namespaces/${name}`
  const patch = (metadata: object) => cluster.request('PATCH', path, { metadata }, merge)
  const nulls = (fields: object | null | undefined) =>
    Object.fromEntries(Object.keys(fields ?? {}).map((key) => [key, null]))
  undo.push(() => patch({ labels: nulls(labels), annotations: nulls(annotations) }))
  const { body } = await patch({ labels, annotations })
  return body.value as AnyObject
}

/** Protection of claims and volumes in use is lifted by a controller, and none runs. */
export async function removeAtOnce(cluster: Cluster, path: string): Promise<void> {
  const deleted = await cluster.request('DELETE', `${path}?gracePeriodSeconds=0&propagationPolicy=Background`)
  // The answer is the object where it does not go at once.
  if (deleted.status === 404 || deleted.body.at('status').text === 'Success') return
  const merge = { contentType: 'application/merge-patch+json' }
  await cluster.request('PATCH', path, { metadata: { finalizers: null } }, merge)
  const { status } = await cluster.request('GET', path)
  if (status !== 404) throw new Error(`${path} stays: ${deleted.body.at('message').text}`)
}
