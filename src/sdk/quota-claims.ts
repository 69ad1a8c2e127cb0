import { claimsOf, classesOf } from './claims.ts'
import { firstOrdinal } from './claim-users.ts'
import { unknown, type Inventory } from './inventory.ts'
import { nameOf } from './names.ts'
import type { Kinds } from './objects.ts'
import { unresolved, type Unresolved } from './policy.ts'
import { addQuantities, compareQuantities, multiplyQuantity, parseQuantity, zeroQuantity } from './quantities.ts'
import { matchesClaim } from './quota-scopes.ts'
import { grantsOf } from './quota-usage.ts'
import type { Exhausted } from './quota-shortfalls.ts'
import { memberOf } from './shape.ts'

/**
 * The grants that the claims which a StatefulSet has yet to make exceed: it stops at the ordinal whose claim is refused
 * (kubernetes/pkg/quota/v1/evaluator/core/persistent_volume_claims.go). `replicas` is how many pods it runs.
 */
export function* exhaustedClaims(
  workload: object,
  replicas: number,
  namespace: string,
  quotas: readonly Kinds['ResourceQuota'][],
  inventory: Inventory<'PersistentVolumeClaim' | 'StorageClass'>,
): Generator<Exhausted | Unresolved, void, undefined> {
  const templates = claimsOf('StatefulSet', workload).filter(({ path }) =>
    path.startsWith('/spec/volumeClaimTemplates'),
  )
  if (replicas <= 0 || templates.length === 0 || quotas.length === 0) return
  const existing = inventory.list('PersistentVolumeClaim', namespace)
  if (existing === unknown) {
    yield unresolved('PersistentVolumeClaim')
    return
  }
  const made = madeClaims(workload, replicas, existing)
  for (const quota of quotas) {
    for (const grant of grantsOf(quota)) {
      const kind = claimKeys.find(
        (key) => grant.key === key || grant.key.endsWith(`.storageclass.storage.k8s.io/${key}`),
      )
      if (!kind || inventory.uncertain(quota)) continue
      if (grant.hard === unknown) {
        yield unresolved('value')
        continue
      }
      const ofClass =
        grant.key === kind ? undefined : grant.key.slice(0, -`.storageclass.storage.k8s.io/${kind}`.length)
      let needed = zeroQuantity
      let coming = 0
      for (const { claim, name } of templates) {
        const applies = matchesClaim(quota, claim.spec)
        if (applies === unknown) yield unresolved('value')
        if (applies !== true) continue
        if (ofClass !== undefined) {
          const { found, unsure } = classesOf(claim, inventory)
          if (unsure.length > 0) yield unresolved('StorageClass')
          if (!found.some((each) => nameOf(each) === ofClass)) continue
        }
        const missing = replicas - (made.get(name) ?? 0)
        const request = memberOf(memberOf(memberOf(claim.spec, 'resources'), 'requests'), 'storage')
        const each = kind === 'requests.storage' ? parseQuantity(request ?? '0') : one
        if (!each) yield unresolved('value')
        if (!each || missing <= 0) continue
        coming += missing
        needed = addQuantities(needed, multiplyQuantity(each, missing))
      }
      if (coming > 0 && compareQuantities(addQuantities(grant.used, needed), grant.hard) > 0)
        yield { ...grant, quota, hard: grant.hard, coming, needed }
    }
  }
}

const claimKeys = ['count/persistentvolumeclaims', 'persistentvolumeclaims', 'requests.storage'] as const
const one = parseQuantity('1') ?? zeroQuantity

/** How many claims of each template are there already: `<template>-<set>-<ordinal>`. */
function madeClaims(
  workload: object,
  replicas: number,
  claims: readonly Kinds['PersistentVolumeClaim'][],
): ReadonlyMap<string, number> {
  const start = firstOrdinal(workload)
  const suffix = `-${nameOf(workload)}`
  const made = new Map<string, number>()
  for (const claim of claims) {
    const name = nameOf(claim)
    const dash = name.lastIndexOf('-')
    const ordinal = /^\d+$/.test(name.slice(dash + 1)) ? Number(name.slice(dash + 1)) : -1
    const owner = name.slice(0, Math.max(0, dash))
    if (!owner.endsWith(suffix) || ordinal < start || ordinal >= start + replicas) continue
    const template = owner.slice(0, -suffix.length)
    made.set(template, (made.get(template) ?? 0) + 1)
  }
  return made
}
