import { unknown, type Inventory } from '../inventory.ts'
import type { KindName } from '../objects.ts'
import { unresolved, type Unresolved } from '../policy.ts'
import { agicFaults } from './agic.ts'
import { albFaults, albTargets } from './aws-alb.ts'
import { nlbFaults, type TargetType } from './aws-nlb.ts'
import { azureFaults, isOnAzure } from './azure.ts'
import type { Found, HealthCheckFault, Route } from './fault.ts'
import { backendConfigFaults, gceFaults } from './gce.ts'
import { hostRoutedFaults } from './host-routed.ts'
import { controllerOf } from './ingress-classes.ts'

export interface HealthCheckParams {
  readonly albDefaultTargetType: TargetType
  readonly cloud: '' | 'aws' | 'azure' | 'gcp'
  readonly azureSharedProbe: boolean
}

export type HealthCheckKind = 'BackendConfig' | 'IngressClass' | 'IngressClassParams' | 'Node'

/** What is wrong with the health checks of the load balancers on a route, whichever cloud makes them. */
export function healthCheckFaults(
  route: Route,
  params: HealthCheckParams,
  inventory: Inventory<HealthCheckKind>,
): (HealthCheckFault | Unresolved)[] {
  return route.ingress ? ofIngress(route, params, inventory) : ofService(route, params, inventory)
}

function ofService(route: Route, params: HealthCheckParams, inventory: Inventory<'Node'>) {
  const onAzure = isOnAzure(route.service, params.cloud, inventory)
  const azure = onAzure === false ? [] : azureFaults(route, params.azureSharedProbe)
  const byDefault = params.albDefaultTargetType
  return [
    ...nlbFaults(route, byDefault).map(orValue),
    // What only Azure's nodes could say matters where there is something to say.
    ...(onAzure === unknown ? azure.slice(0, 1).map(() => unresolved('Node')) : azure.map(orValue)),
    ...hostRoutedFaults(route, byDefault),
  ]
}

function ofIngress(
  route: Route,
  { albDefaultTargetType }: HealthCheckParams,
  inventory: Inventory<'BackendConfig' | 'IngressClass' | 'IngressClassParams'>,
): (HealthCheckFault | Unresolved)[] {
  if (!route.ingress) return []
  const controlled = controllerOf(route.ingress, inventory)
  if (controlled === unknown) return [unresolved('value')]
  const { controller, className, unsure } = controlled
  const missing = unsure.map((kind) => unresolved(kind))
  if (controller === 'alb') {
    const targets = albTargets(route, className, albDefaultTargetType, inventory)
    if (typeof targets === 'string') return [unresolved(targets)]
    return [...albFaults(route, targets.type).map(orValue), ...missing]
  }
  if (controller === 'agic') return [...agicFaults(route).map(orValue), ...missing]
  if (controller !== 'gce') return missing
  const gce = gceFaults(route, className, inventory)
  return [...gce.found.map(orValue), ...gce.unsure.map((kind: KindName) => unresolved(kind))]
}

/** What a Service says of itself to GKE, whether or not an Ingress sends to it yet. */
export function serviceFaults(service: Route['service']): (HealthCheckFault | Unresolved)[] {
  return backendConfigFaults(service).map(orValue)
}

function orValue(found: Found): HealthCheckFault | Unresolved {
  return found === unknown ? unresolved('value') : found
}
