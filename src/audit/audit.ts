import type { AuditedKinds } from '../engine/audited-kinds.ts'
import type { Engine } from '../engine/engine.ts'
import type { InventorySource } from '../sdk/inventory.ts'
import type { KindInfo } from '../sdk/kinds.ts'
import type { AnyObject, KindName } from '../sdk/objects.ts'
import { Account, type Scanned, type Unread } from './account.ts'
import type { Cluster } from './cluster.ts'
import { collect, type Progress } from './collect.ts'
import { judge, type JudgeContext } from './judge.ts'
import { Owners } from './owners.ts'
import { Tally } from './tally.ts'

/** Where the kinds that rules look up are kept: unknown until added. */
export interface Shelves {
  readonly inventory: InventorySource
  add(kind: KindName, namespace: string | undefined, objects: readonly AnyObject[]): void
  /** A collection could not be read, or not to its end. */
  lack(kind: KindName): void
}

export interface AuditOptions {
  readonly kinds: AuditedKinds
  /** Empty: the whole cluster. */
  readonly namespaces: readonly string[]
  readonly secrets: boolean
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly wanted: (rule: string) => boolean
  readonly shelves: Shelves
  /** What to keep of an object that rules look up. */
  readonly keep: (object: AnyObject) => AnyObject
  readonly onProgress: (progress: Progress) => void
}

export interface Audit {
  readonly tally: Tally
  readonly scanned: readonly Scanned[]
  readonly unread: readonly Unread[]
}

/**
 * Walks a cluster: first the kinds that rules look up, which are kept, then the others page by page, of which only the
 * findings stay. Templates are judged before what is made from them.
 * @throws a failure of the cluster where nothing could be read
 */
export async function audit(engine: Engine, cluster: Cluster, options: AuditOptions): Promise<Audit> {
  const { kinds, namespaces, shelves, keep, onProgress } = options
  const account = new Account()
  const tally = new Tally()
  const kept = new Map<KindName, AnyObject[]>()
  const context = {
    engine,
    owners: new Owners(),
    inventory: shelves.inventory,
    now: options.now,
    wanted: options.wanted,
  }
  const placesOf = (info: KindInfo) => (info.namespaced && namespaces.length > 0 ? namespaces : [undefined])

  for (const info of kinds.lookedUp) {
    for (const namespace of placesOf(info)) {
      let objects: AnyObject[] = []
      const sink = {
        restart: () => void (objects = []),
        take: (items: readonly AnyObject[]) => items.forEach((item) => objects.push(keep(item))),
      }
      const entered = isOutlined(info) ? account.uncounted() : account
      const whole = await collect(cluster, info, namespace, entered, sink, onProgress)
      // A part of a list is no ground to say that something is missing, but what is in it can be judged.
      if (whole) shelves.add(info.kind, namespace, objects)
      else shelves.lack(info.kind)
      if (!isOutlined(info)) kept.set(info.kind, [...(kept.get(info.kind) ?? []), ...objects])
    }
  }

  for (const info of inOrder(kinds.judged)) {
    if (!info.namespaced && namespaces.length > 0) continue
    const known = kept.get(info.kind)
    if (known) {
      account.judged(info, judgeAll(info, known, context, tally))
      continue
    }
    if (info.kind === 'Secret' && !options.secrets) {
      const reason = 'Secrets are read only with --secrets, page by page, and no value is kept'
      account.missed(info, undefined, { level: 'note', code: 'D2_SECRETS_NOT_ASKED', reason })
      continue
    }
    for (const namespace of placesOf(info)) await stream(info, namespace)
  }
  return { tally, scanned: account.scanned, unread: account.unread }

  async function stream(info: KindInfo, namespace: string | undefined): Promise<void> {
    // Its own until the list is through: a list that is begun anew says everything again.
    let own = new Tally()
    let judged = 0
    const sink = {
      restart() {
        own = new Tally()
        judged = 0
      },
      take: (items: readonly AnyObject[]) => void (judged += judgeAll(info, items, context, own)),
    }
    await collect(cluster, info, namespace, account, sink, onProgress)
    account.judged(info, judged)
    tally.merge(own)
  }
}

function judgeAll(info: KindInfo, objects: readonly AnyObject[], context: JudgeContext, tally: Tally): number {
  let judged = 0
  for (const object of objects) if (judge(info, object, context, tally)) judged++
  return judged
}

// Whole Pods would not fit into memory: what is kept of them serves to look them up, and they are listed once more to
// be judged.
function isOutlined({ kind }: KindInfo): boolean {
  return kind === 'Pod'
}

const last: readonly KindName[] = ['PersistentVolumeClaim', 'ReplicaSet', 'Job', 'Pod']

function inOrder(kinds: readonly KindInfo[]): readonly KindInfo[] {
  const rank = ({ kind }: KindInfo) => last.indexOf(kind)
  return [...kinds].sort((a, b) => rank(a) - rank(b) || (a.kind < b.kind ? -1 : 1))
}
