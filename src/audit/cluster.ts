import type { KindInfo } from '../sdk/kinds.ts'
import type { AnyObject } from '../sdk/objects.ts'

/** A part of a collection, as the API server sent it, with the apiVersion and kind that lists leave out. */
export interface ObjectPage {
  readonly items: readonly AnyObject[]
  /** The pages before this one are void: the list was begun anew. */
  readonly restarted: boolean
  /** How many objects follow, where the API server counts them. */
  readonly remaining: number | undefined
}

/** What an audit asks of a cluster. Failures are errors of code `D2_KUBE_…` whose message is for the user. */
export interface Cluster {
  /** A collection page by page; of all namespaces where none is given. */
  pages(info: KindInfo, namespace: string | undefined): AsyncIterable<ObjectPage>
  /** The versions under which a kind is served; empty where it cannot exist. */
  servedVersions(info: KindInfo): Promise<readonly string[]>
}

/** A failure of the cluster's side, which the report accounts for. Anything else is a fault of ours. */
export function failureOf(error: unknown): { readonly code: string; readonly message: string } | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  return error.code.startsWith('D2_KUBE_') ? { code: error.code, message: error.message } : undefined
}
