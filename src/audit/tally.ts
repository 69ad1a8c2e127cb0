import type { Evaluation, Exempted, Finding } from '../engine/finding.ts'
import type { ObjectRef } from '../sdk/objects.ts'
import type { Owner } from './owners.ts'

export interface AuditedFinding extends Finding {
  /** The workload at the top that a controller made the object for. */
  readonly owner?: Owner
  /** How many objects of that owner have the finding; `object` is the first of them. */
  readonly count?: number
}

export interface AuditedExemption extends Exempted {
  readonly object: ObjectRef
}

/** A rule that could not decide, and about how many objects. */
export interface AuditedUnresolved {
  readonly rule: string
  readonly kind: string
  readonly objects: number
}

/** A policy that failed by a fault of its own: on how many objects, and on which first. */
export interface AuditedFault {
  readonly rule: string
  readonly error: string
  readonly objects: number
  readonly object: ObjectRef
}

/** What was said so far. Repetitions are counted, not kept, so that it stays small in a large cluster. */
export class Tally {
  readonly #findings: AuditedFinding[] = []
  readonly #owned = new Map<string, { finding: AuditedFinding; owner: Owner; count: number }>()
  readonly #exempted = new Map<string, AuditedExemption>()
  readonly #unresolved = new Map<string, { readonly rule: string; readonly kind: string; objects: number }>()
  readonly #faults = new Map<string, { readonly fault: Omit<AuditedFault, 'objects'>; objects: number }>()

  /** A finding of an object that nobody controls. */
  add(finding: Finding): void {
    this.#findings.push(finding)
  }

  /** A finding of an object made for an owner; `print` tells the findings of one owner apart. */
  addOwned(finding: AuditedFinding, owner: Owner, print: string, count = 1): void {
    const key = `${owner.apiVersion} ${owner.kind} ${owner.namespace} ${owner.name} ${print}`
    const known = this.#owned.get(key)
    if (known) known.count += count
    else this.#owned.set(key, { finding, owner, count })
  }

  /** `key` is the same for exemptions that need to be told once. */
  addExempted(exemption: AuditedExemption, key: string): void {
    if (!this.#exempted.has(key)) this.#exempted.set(key, exemption)
  }

  addUnresolved({ rule, kind }: Evaluation['unresolved'][number] | AuditedUnresolved, objects = 1): void {
    const key = `${rule} ${kind}`
    const known = this.#unresolved.get(key)
    if (known) known.objects += objects
    else this.#unresolved.set(key, { rule, kind, objects })
  }

  addFault(fault: Omit<AuditedFault, 'objects'>, objects = 1): void {
    const key = `${fault.rule} ${fault.error}`
    const known = this.#faults.get(key)
    if (known) known.objects += objects
    else this.#faults.set(key, { fault, objects })
  }

  /** Takes over all of another one, as if it had been said here. */
  merge(other: Tally): void {
    for (const finding of other.#findings) this.#findings.push(finding)
    for (const [key, entry] of other.#owned) {
      const known = this.#owned.get(key)
      if (known) known.count += entry.count
      else this.#owned.set(key, entry)
    }
    for (const [key, exemption] of other.#exempted) this.addExempted(exemption, key)
    for (const each of other.#unresolved.values()) this.addUnresolved(each, each.objects)
    for (const { fault, objects } of other.#faults.values()) this.addFault(fault, objects)
  }

  get findings(): readonly AuditedFinding[] {
    return [
      ...this.#findings,
      ...[...this.#owned.values()].map(({ finding, owner, count }) => ({ ...finding, owner, count })),
    ]
  }

  get exempted(): readonly AuditedExemption[] {
    return [...this.#exempted.values()]
  }

  get unresolved(): readonly AuditedUnresolved[] {
    return [...this.#unresolved.values()]
  }

  get faults(): readonly AuditedFault[] {
    return [...this.#faults.values()].map(({ fault, objects }) => ({ ...fault, objects }))
  }
}
