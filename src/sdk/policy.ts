import type { Inventory } from './inventory.ts'
import type { SubjectWord } from './kinds.ts'
import type { KindName, Kinds, ObjectRef } from './objects.ts'
import type { Params, ParamSchemas } from './params.ts'
import type { GivenValues, Snippet } from './snippet.ts'

export type Severity = 'deny' | 'warn' | 'audit' | 'off'
export type Loop = 'identity' | 'compute' | 'network' | 'storage' | 'observability'
export type Operation = 'CREATE' | 'UPDATE'
export type FrontEnd = 'webhook' | 'check' | 'audit'

/** Failures of the seed's table, in the words people search for. */
export type Signature =
  | 'image-pull-backoff'
  | 'crash-loop'
  | 'pending-pods'
  | 'drain-stuck'
  | 'eviction'
  | 'failed-create'
  | 'gateway-timeout'
  | 'volume-affinity-conflict'
  | 'blind-logs'

/**
 * One severity, or a small table. A key names a subject, a subject with an operation (`template:CREATE`), or a front end;
 * the most telling one present wins: front end, subject with operation, subject, default.
 */
export type Level =
  | Severity
  | ({ readonly default: Severity } & {
      readonly [K in SubjectWord | `${SubjectWord}:${Operation}` | FrontEnd]?: Severity
    })

/** Why a rule fires. A fact of the cluster that changes the severity is a reason of its own, never a function. */
export interface Reason {
  readonly baseline: Level
  /** Defaults to `baseline`. */
  readonly strict?: Level
  /** The physics of the outage: one sentence of cause and effect. */
  readonly why: string
  /** YAML to type instead, shown in denials, reports and pages. */
  readonly snippet?: Snippet
  /** Fires because something is missing: weaker evidence. At most `warn` in the webhook; in `check` only with `--complete`. */
  readonly absence?: true
  /** The API server itself refuses the object: only `check` can meet it, and denies. */
  readonly api?: true
}

/** A kind that a policy judges. A bare name means CREATE and UPDATE of the object itself. */
export type Target<K extends KindName = KindName> =
  K | { readonly kind: K; readonly subresource?: string; readonly operations?: readonly Operation[] }

/** Who asks for what. In `check` and `audit` there is no user and the operation is CREATE. */
export interface Review {
  readonly operation: Operation
  /** '' for the object itself; `scale` reviews hold the cached workload with its replicas replaced. */
  readonly subresource: string
  readonly frontEnd: FrontEnd
  readonly user?: { readonly username: string; readonly groups: readonly string[] }
  readonly oldObject?: unknown
}

/** A related place: the other object of a cross-object finding, or another place of the same object. */
export interface Related extends ObjectRef {
  readonly path?: string
}

/** A namespace may have thousands of them: a finding counts all related objects and names so many. */
export const mostRelated = 10

/** What a policy yields. The engine adds everything else. */
export interface Violation<R extends string = string> {
  readonly reason: R
  /** JSON pointer (RFC 6901) to the wrong value, or to where the missing one belongs. */
  readonly path: string
  /** What is wrong, with the numbers seen. One line. */
  readonly message: string
  /** What to type instead. One line. */
  readonly fix: string
  readonly related?: readonly Related[]
  /** What the snippet of the reason shows in place of its examples. */
  readonly values?: GivenValues
}

/**
 * What a policy lacks: objects of a kind that the inventory does not know, or a `value` of the object itself that nobody
 * can read, being a `${VARIABLE}` or malformed.
 */
export type Missing = KindName | 'value'

/** The policy could not decide for want of this. */
export interface Unresolved {
  readonly unresolved: Missing
  /** The objects that it is about are there, and what they say does not decide: none is missing. */
  readonly there?: true
}

export function unresolved(missing: Missing): Unresolved {
  return { unresolved: missing }
}

/** Objects of a kind are there, and what they say does not decide. */
export function undecided(kind: KindName): Unresolved {
  return { unresolved: kind, there: true }
}

/** A case that is test and documentation at once. Objects are YAML flow or block text; what they leave out is filled in. */
export interface Example {
  readonly name: string
  /** YAML of the object under review. */
  readonly object: string
  /** YAML of the object as it was; the review is then an UPDATE. */
  readonly oldObject?: string
  /** YAML, several documents, of what the inventory holds. */
  readonly inventory?: string
  /** Kinds that the inventory does not know. */
  readonly unknown?: readonly KindName[]
  readonly params?: { readonly [name: string]: unknown }
  /** The severity that the settings give the rule, where it is off in both profiles. */
  readonly severity?: Severity
  readonly frontEnd?: FrontEnd
  readonly subresource?: string
  readonly user?: string
  /** Marks the inventory as complete (`check --complete`). */
  readonly complete?: true
  /** Rules that the object cannot but break as well: a container that says nothing lacks requests and limits alike. */
  readonly alongside?: readonly string[]
}

export interface FailingExample extends Example {
  /** Each finding as `reason path`, or `unresolved Kind` (or `value`), in the order yielded. */
  readonly finds: readonly string[]
}

type KindOf<T> = T extends KindName ? T : T extends { readonly kind: infer K extends KindName } ? K : never

/** What `check` receives. `kind` tells the objects apart for the compiler. */
export type CheckInput<K extends KindName, R extends KindName, S extends ParamSchemas> = {
  readonly [N in K]: {
    readonly kind: N
    readonly object: Kinds[N]
    readonly namespace: string
    readonly name: string
    readonly params: Params<S>
    readonly review: Review
  } & ([R] extends [never] ? unknown : { readonly inventory: Inventory<R> })
}[K]

interface Metadata {
  readonly id: string
  /** The state that the rule asks for, as one sentence. */
  readonly summary: string
  readonly signatures: readonly Signature[]
  readonly since: string
  /** Judges labels or annotations: runs also on an UPDATE whose spec or data is unchanged. */
  readonly readsMetadata?: true
  /**
   * What the ratchet compares. By default reason and path: a new reason at an old place is news. With `place` any finding
   * at the place counts as had before: a key that is rotated, a missing value that becomes 0.
   */
  readonly ratchet?: 'place'
  /** Looks at Pods that a controller owns too, and there only warns. Otherwise they are skipped. */
  readonly ownedPods?: true
  /**
   * Judges objects of system namespaces as any other, where `exemptNamespaces` quietens every other rule. Of those
   * namespaces the webhook meets only the ConfigMaps of these names.
   */
  readonly systemConfigMaps?: readonly string[]
  /** No exemption by annotation, only by settings (NX). */
  readonly noAnnotationExemption?: true
  /** Documents the sources of the rule: Kubernetes source paths, documentation pages, issues. */
  readonly sources?: readonly string[]
}

interface Definition<
  T extends readonly Target[],
  R extends readonly KindName[],
  Q extends { readonly [name: string]: Reason },
  S extends ParamSchemas,
> extends Metadata {
  readonly on: T
  readonly reads: R
  readonly reasons: Q
  readonly params?: S
  readonly examples: { readonly passes: readonly Example[]; readonly fails: readonly FailingExample[] }
  check(
    this: void,
    input: CheckInput<KindOf<T[number]>, R[number], S>,
  ): Generator<Violation<keyof Q & string> | Unresolved, void, undefined>
}

/** A policy as the engine sees it, its types erased. */
export interface Policy extends Metadata {
  readonly loop: Loop
  readonly on: readonly Target[]
  readonly reads: readonly KindName[]
  readonly reasons: { readonly [name: string]: Reason }
  readonly params: ParamSchemas
  readonly examples: { readonly passes: readonly Example[]; readonly fails: readonly FailingExample[] }
  check(this: void, input: PolicyInput): Iterable<Violation | Unresolved>
}

/** What the engine hands to a policy. An object-only policy is typed not to see the inventory. */
export interface PolicyInput {
  readonly kind: KindName
  readonly object: object
  readonly namespace: string
  readonly name: string
  readonly params: { readonly [name: string]: unknown }
  readonly review: Review
  readonly inventory: Inventory
}

/** Defines a rule. The id is the loop and the file name: `policies/compute/pdb-blocks-all.ts` is `compute-pdb-blocks-all`. */
export function definePolicy<
  const T extends readonly Target[],
  const R extends readonly KindName[],
  const Q extends { readonly [name: string]: Reason },
  const S extends ParamSchemas = Record<never, never>,
>(definition: Definition<T, R, Q, S>): Policy {
  const { check, params, ...rest } = definition
  return Object.freeze({
    ...rest,
    params: params ?? {},
    loop: loopOf(definition.id),
    // The engine matches kind and object by `on` before it calls; only here is that promise turned into a type.
    check: (input: PolicyInput) => check(input as never),
  })
}

function loopOf(id: string): Loop {
  // The architecture test holds every id to the folder of its file, and the folders are the loops.
  return id.slice(0, id.indexOf('-')) as Loop
}
