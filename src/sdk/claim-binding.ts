import { bindingFault, strands, type BindingFault } from './binding-fault.ts'
import { isBound } from './claim-volume.ts'
import { claimRefsOf, classesOf, type Claim, type ClaimRef } from './claims.ts'
import { unknown, type Inventory } from './inventory.ts'
import type { KindName, Kinds } from './objects.ts'
import type { ProvisionerParams } from './provisioners.ts'
import type { Relation } from './relations.ts'

/** The class that a claim uses or gets, and what is wrong with binding it before the pod is scheduled. */
export interface ClaimFault {
  readonly fault: Exclude<BindingFault, 'zone-redundant'>
  readonly storageClass: Kinds['StorageClass']
}

/**
 * The fault of the class of a claim; none where it waits or its volumes reach every zone. Of several classes that it may
 * get the worst counts.
 */
export function claimFault(
  claim: Claim,
  params: ProvisionerParams,
  inventory: Inventory<'StorageClass' | 'Node' | 'PersistentVolume'>,
): Relation<ClaimFault> {
  const classes = classesOf(claim, inventory)
  const unsure = new Set(classes.unsure)
  const found: ClaimFault[] = []
  for (const storageClass of classes.found) {
    const fault = bindingFault(storageClass, params, inventory)
    if (typeof fault === 'object') unsure.add(fault.unresolved === 'value' ? 'StorageClass' : fault.unresolved)
    else if (fault !== undefined && fault !== 'zone-redundant') found.push({ fault, storageClass })
  }
  const worst = found.find(({ fault }) => strands(fault)) ?? found[0]
  return { found: worst ? [worst] : [], unsure: [...unsure] }
}

/** The existing claims of a pod spec that are not bound yet and will be before the pod has a zone or a node. */
export function waitingClaims(
  kind: KindName,
  object: object,
  namespace: string,
  params: ProvisionerParams,
  inventory: Inventory<'StorageClass' | 'Node' | 'PersistentVolume' | 'PersistentVolumeClaim'>,
): Relation<ClaimRef & ClaimFault> {
  const found: (ClaimRef & ClaimFault)[] = []
  const unsure = new Set<KindName>()
  for (const ref of claimRefsOf(kind, object)) {
    const claim = inventory.get('PersistentVolumeClaim', namespace, ref.name)
    if (claim === undefined) continue
    if (claim === unknown || inventory.uncertain(claim)) {
      unsure.add('PersistentVolumeClaim')
      continue
    }
    const bound = isBound(claim, namespace, inventory)
    if (bound === true) continue
    const faults = claimFault(claim, params, inventory)
    if (bound === unknown && faults.found.length > 0) {
      unsure.add('PersistentVolume')
      continue
    }
    for (const missing of faults.unsure) unsure.add(missing)
    for (const fault of faults.found) if (strands(fault.fault)) found.push({ ...ref, ...fault })
  }
  return { found, unsure: [...unsure] }
}
