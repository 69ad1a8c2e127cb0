import { unknown, type Inventory, type Unknown } from '../inventory.ts'
import type { Ingress } from '../ingress-backends.ts'
import type { KindName } from '../objects.ts'
import { memberOf, stringOf } from '../shape.ts'
import { isVariable } from '../variables.ts'
import { annotationOf } from './annotations.ts'

/** Which controller of a cloud makes a load balancer of an Ingress. */
export type IngressController = 'alb' | 'gce' | 'agic'

export interface Controlled {
  readonly controller: IngressController | undefined
  /** The class by the annotation or the field; '' where neither is there. */
  readonly className: string
  readonly unsure: readonly KindName[]
}

/**
 * The controller of an Ingress, by the annotation of old or by its class: what its IngressClass says, or, where that is
 * not there, the name that every installation gives it. Ingresses without a class may be anyone's.
 */
export function controllerOf(ingress: Ingress, inventory: Inventory<'IngressClass'>): Controlled | Unknown {
  const annotation = annotationOf(ingress, 'kubernetes.io/ingress.class')
  if (annotation?.value === unknown) return unknown
  if (annotation && typeof annotation.value === 'string')
    return { controller: byName.get(annotation.value), className: annotation.value, unsure: [] }
  const className = stringOf(ingress.spec?.ingressClassName) ?? ''
  if (isVariable(className)) return unknown
  if (className === '') return { controller: undefined, className, unsure: [] }
  const itsClass = inventory.get('IngressClass', '', className)
  if (itsClass === unknown || itsClass === undefined || inventory.uncertain(itsClass)) {
    const unsure: readonly KindName[] = itsClass === undefined || byName.has(className) ? [] : ['IngressClass']
    return { controller: byName.get(className), className, unsure }
  }
  return { controller: byController.get(stringOf(itsClass.spec?.controller) ?? ''), className, unsure: [] }
}

/** The target type that the parameters of an IngressClass prescribe, whatever annotations say; undefined for none. */
export function targetTypeOfClass(
  className: string,
  inventory: Inventory<'IngressClass' | 'IngressClassParams'>,
): { readonly type: string; readonly params: string } | KindName | undefined {
  const itsClass = inventory.get('IngressClass', '', className)
  if (itsClass === unknown) return 'IngressClass'
  const reference: unknown = itsClass?.spec?.parameters
  const name = stringOf(memberOf(reference, 'name'))
  if (memberOf(reference, 'kind') !== 'IngressClassParams' || name === undefined) return undefined
  const params = inventory.get('IngressClassParams', '', name)
  if (params === unknown || (params && inventory.uncertain(params))) return 'IngressClassParams'
  const type = stringOf(memberOf(params?.spec, 'targetType'))
  return type === undefined || type === '' ? undefined : { type, params: name }
}

const byController: ReadonlyMap<string, IngressController> = new Map([
  ['ingress.k8s.aws/alb', 'alb'],
  ['azure/application-gateway', 'agic'],
])

// GKE reads its classes by the annotation; the names of the others are what their charts make.
const byName: ReadonlyMap<string, IngressController> = new Map([
  ['alb', 'alb'],
  ['gce', 'gce'],
  ['gce-internal', 'gce'],
  ['gce-regional-external', 'gce'],
  ['azure/application-gateway', 'agic'],
  ['azure-application-gateway', 'agic'],
])
