import type { Engine } from '../engine/engine.ts'
import { evaluate } from '../engine/evaluate.ts'
import { fingerprint } from '../engine/fingerprint.ts'
import type { InventorySource } from '../sdk/inventory.ts'
import type { KindInfo } from '../sdk/kinds.ts'
import type { AnyObject } from '../sdk/objects.ts'
import { claimTemplateAt, ownerOf, templateOfClaim, templatePrint, type Owner, type Owners } from './owners.ts'
import type { Tally } from './tally.ts'

export interface JudgeContext {
  readonly engine: Engine
  readonly inventory: InventorySource
  readonly now: number
  readonly owners: Owners
  /** The rules that are reported. */
  readonly wanted: (rule: string) => boolean
}

/**
 * Judges one object of a live cluster and adds what is said to the tally. False where the rules are not asked: it is
 * being deleted, or it is a ReplicaSet or Job of a template that was judged. Pods are judged even so: quota, defaults
 * and injection change them on their way, and then they say what their template does not.
 */
export function judge(info: KindInfo, object: AnyObject, { engine, owners, ...context }: JudgeContext, tally: Tally) {
  if (object.metadata?.deletionTimestamp) return false
  const { apiVersion, kind } = { apiVersion: object.apiVersion ?? '', kind: info.kind }
  const namespace = info.namespaced ? (object.metadata?.namespace ?? '') : ''
  const name = object.metadata?.name ?? ''
  const self: Owner = { apiVersion, kind, namespace, name }
  const controller = ownable.has(kind) ? ownerOf(object) : undefined
  if (makesPods.has(kind)) owners.enter(self, controller)
  if (controller && kind !== 'Pod' && owners.isJudged(controller)) return false

  const subject = { info, apiVersion, namespace, name, operation: 'CREATE' as const, subresource: '', object }
  const { inventory, now, wanted } = context
  const said = evaluate(engine, subject, { inventory, now, frontEnd: 'audit' })
  const chain = owners.chain(controller)
  const top = chain.at(-1)
  const templates = kind === 'PersistentVolumeClaim' ? [templateOfClaim(namespace, name)] : chain
  const ref = { kind, namespace, name }
  if (makesPods.has(kind)) owners.judged(self)

  for (const finding of said.findings) {
    if (!wanted(finding.rule)) continue
    const print = templatePrint(finding.rule, finding.reason, finding.path, kind, object)
    remember(finding, print)
    if (owners.isRepeated(templates, print)) continue
    if (top) tally.addOwned(finding, top, print)
    else tally.add(finding)
  }
  for (const exemption of said.exempted) {
    if (!wanted(exemption.rule)) continue
    const print = templatePrint(exemption.rule, exemption.reason, exemption.path, kind, object)
    remember(exemption, print)
    if (owners.isRepeated(templates, print)) continue
    const of = top ?? self
    tally.addExempted({ ...exemption, object: ref }, `${of.kind} ${of.namespace} ${of.name} ${print}`)
  }
  for (const each of said.unresolved) if (wanted(each.rule)) tally.addUnresolved(each)
  for (const each of said.policyErrors) if (wanted(each.rule)) tally.addFault({ ...each, object: ref })
  return true

  function remember({ rule, reason, path }: { rule: string; reason: string; path: string }, print: string): void {
    if (!makesPods.has(kind)) return
    owners.found(self, print)
    const claim = kind === 'StatefulSet' ? claimTemplateAt(object, path) : undefined
    if (claim) owners.found(claim.claims, fingerprint(rule, reason, claim.path, object))
  }
}

// As the engine counts them: only these are made by controllers from templates.
const ownable: ReadonlySet<string> = new Set(['Job', 'Pod', 'ReplicaSet'])
const makesPods: ReadonlySet<string> = new Set([
  ...['CronJob', 'DaemonSet', 'Deployment', 'Job', 'ReplicaSet', 'ReplicationController', 'Rollout', 'StatefulSet'],
])
