import type { KindInfo } from '../sdk/kinds.ts'

/** What was read of one kind. */
export interface Scanned {
  readonly kind: string
  /** As in RBAC: `deployments.apps`, `nodes`. */
  readonly resource: string
  readonly listed: number
  /** Objects that the rules were asked about: not those that are being deleted, nor copies of a judged template. */
  readonly judged: number
}

/** What was not read, or not to its end. */
export interface Unread {
  readonly kind: string
  readonly resource: string
  /** Undefined where it is the whole cluster that was asked for. */
  readonly namespace?: string
  /** A `note` leaves no gap that anybody would fill: the kind does not exist here, or nobody asked for it. */
  readonly level: 'error' | 'note'
  /** Stable, `D2_…`. */
  readonly code: string
  /** One sentence, with what to do about it. */
  readonly reason: string
}

/** What reading one collection enters. */
export type Ledger = Pick<Account, 'collections' | 'read' | 'missed'>

/** Keeps an exact account of what an audit read and could not read. */
export class Account {
  readonly #counts = new Map<string, { readonly info: KindInfo; listed: number; judged: number }>()
  readonly #unread: Unread[] = []
  #collections = 0

  /** For a collection that is read twice: what is read is not entered a second time, what is missed is. */
  uncounted(): Ledger {
    const { collections } = this
    return { collections, read: () => {}, missed: (info, namespace, why) => this.missed(info, namespace, why) }
  }

  /** A collection was read, in whole or in part. */
  read(info: KindInfo, listed: number): void {
    this.#collections++
    const known = this.#counts.get(info.kind)
    if (known) known.listed += listed
    else this.#counts.set(info.kind, { info, listed, judged: 0 })
  }

  /** So many of the objects that were read were judged. */
  judged({ kind }: KindInfo, objects: number): void {
    const known = this.#counts.get(kind)
    if (known) known.judged += objects
  }

  missed(info: KindInfo, namespace: string | undefined, why: Pick<Unread, 'level' | 'code' | 'reason'>): void {
    const known = this.#unread.some(
      (entry) => entry.kind === info.kind && entry.namespace === namespace && entry.code === why.code,
    )
    if (known) return
    this.#unread.push({
      kind: info.kind,
      resource: resourceOf(info),
      ...(namespace === undefined ? {} : { namespace }),
      ...why,
    })
  }

  /** Collections of which at least a part was read. */
  get collections(): number {
    return this.#collections
  }

  get unread(): readonly Unread[] {
    return this.#unread
  }

  get scanned(): readonly Scanned[] {
    return [...this.#counts.values()]
      .map(({ info, listed, judged }) => ({ kind: info.kind, resource: resourceOf(info), listed, judged }))
      .sort((a, b) => (a.kind < b.kind ? -1 : 1))
  }
}

function resourceOf({ group, resource }: KindInfo): string {
  return group ? `${resource}.${group}` : resource
}
