import { fingerprint } from '../engine/fingerprint.ts'
import { findKind, groupOf } from '../sdk/kinds.ts'
import type { AnyObject } from '../sdk/objects.ts'
import { controllerOf } from '../sdk/owners.ts'
import { podSpecOf } from '../sdk/pod-specs.ts'
import { resolve } from '../sdk/pointer.ts'

/** An object as the one that made others, by group: `apps/StatefulSet` of Kubernetes is not that of OpenKruise. */
export interface Owner {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

/**
 * Who made what, and what was found in the templates: an owned object repeats the faults of its template, and is worth
 * a word only for what its template does not show. Owners have to be entered before what they own.
 */
export class Owners {
  readonly #controllers = new Map<string, Owner>()
  readonly #judged = new Set<string>()
  readonly #prints = new Map<string, Set<string>>()

  /** Remembers who controls an object that may itself control others. */
  enter(object: Owner, controller: Owner | undefined): void {
    if (controller) this.#controllers.set(idOf(object), controller)
  }

  judged(object: Owner): void {
    this.#judged.add(idOf(object))
  }

  isJudged(owner: Owner): boolean {
    return this.#judged.has(idOf(owner))
  }

  /** Remembers a finding of a template. */
  found(object: Owner, print: string): void {
    const prints = this.#prints.get(idOf(object))
    if (prints) prints.add(print)
    else this.#prints.set(idOf(object), new Set([print]))
  }

  /** The owners of an object, the nearest first. Owners of unknown kinds are the last that can be named. */
  chain(controller: Owner | undefined): readonly Owner[] {
    const chain: Owner[] = []
    // A chain is Pod, ReplicaSet, Deployment; whoever writes ownerReferences by hand can make it a circle.
    for (let next = controller; next && chain.length < 5; next = this.#controllers.get(idOf(next))) chain.push(next)
    return chain
  }

  isRepeated(chain: readonly Owner[], print: string): boolean {
    return chain.some((owner) => this.#prints.get(idOf(owner))?.has(print))
  }
}

/** The controller of an object as an owner; it lives in the same namespace. */
export function ownerOf(object: AnyObject): Owner | undefined {
  const reference = controllerOf(object)
  if (typeof reference?.kind !== 'string' || typeof reference.name !== 'string') return undefined
  const apiVersion = typeof reference.apiVersion === 'string' ? reference.apiVersion : ''
  return { apiVersion, kind: reference.kind, namespace: object.metadata?.namespace ?? '', name: reference.name }
}

/** Names a finding alike in a template and in the Pods made from it: by its path from where the template stands. */
export function templatePrint(rule: string, reason: string, path: string, kind: string, object: AnyObject): string {
  const view = podSpecOf(kind, object)
  const holder = view ? view.path.slice(0, -'/spec'.length) : ''
  if (!path.startsWith(`${holder}/`)) return fingerprint(rule, reason, path, object)
  const template = resolve(holder, object)
  // podSpecOf found the pod spec below it, so it is an object.
  return fingerprint(rule, reason, path.slice(holder.length), template as AnyObject)
}

/**
 * What a StatefulSet says of a claim, as the claims made from the template have it: their name without the number, and
 * the path within one. Undefined for a path elsewhere.
 */
export function claimTemplateAt(
  object: AnyObject,
  path: string,
): { readonly claims: Owner; readonly path: string } | undefined {
  const [, index, inClaim] = /^\/spec\/volumeClaimTemplates\/(\d+)(\/.*)$/.exec(path) ?? []
  if (index === undefined || inClaim === undefined) return undefined
  const name = resolve(`/spec/volumeClaimTemplates/${index}/metadata/name`, object)
  if (typeof name !== 'string') return undefined
  const { namespace, name: set } = object.metadata ?? {}
  return { claims: claimsOf(namespace ?? '', `${name}-${set ?? ''}`), path: inClaim }
}

/** The template that a claim was made from, by its name, which is all that ties it to a StatefulSet. */
export function templateOfClaim(namespace: string, name: string): Owner {
  return claimsOf(namespace, name.replace(/-\d+$/, ''))
}

function claimsOf(namespace: string, name: string): Owner {
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name }
}

function idOf({ apiVersion, kind, namespace, name }: Owner): string {
  const group = groupOf(apiVersion)
  // The version of the reference may be an older one than that of the list.
  return `${findKind(group, kind)?.group ?? group}/${kind}/${namespace}/${name}`
}
