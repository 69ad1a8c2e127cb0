import { unknown, type Inventory, type Unknown } from './inventory.ts'
import { nameOf } from './names.ts'
import { containersOf, type ContainerView, type PodSpecView } from './pod-specs.ts'
import { listOf, memberOf, stringOf } from './shape.ts'

/** The clouds whose webhooks give pods a token, by a file that a variable of each container names. */
export type InjectingCloud = 'eks' | 'azure'

/** The label by which pods ask for workload identity of Azure, with exactly the value `true`. */
export const azureUseLabel = 'azure.workload.identity/use'

/** True if a container has a variable of this name, whatever its value. */
export function hasVariable({ environment }: ContainerView, name: string): boolean {
  return environment.places.has(name)
}

/** True if a container has the variable by which an SDK finds its token: injected, or set by hand. */
export function hasToken(container: ContainerView, cloud: InjectingCloud): boolean {
  return tokenVariables[cloud].some((name) => hasVariable(container, name))
}

/** True if any container of the pod has a token of the cloud. */
export function isInjected(view: PodSpecView, cloud: InjectingCloud): boolean {
  return containersOf(view).some((container) => hasToken(container, cloud))
}

/**
 * True if an annotation of the pod has the webhook pass over every one of its containers and init containers
 * (amazon-eks-pod-identity-webhook pkg/handler/handler.go, azure-workload-identity pkg/webhook/webhook.go).
 */
export function skipsEveryContainer(view: PodSpecView, cloud: InjectingCloud): boolean {
  const value = stringOf(memberOf(view.metadata.annotations, skipAnnotations[cloud]))
  if (!value) return false
  const skipped = skippedNames[cloud](value)
  const names = containersOf(view).filter((each) => each.class !== 'ephemeral')
  return names.length > 0 && names.every(({ container }) => skipped.has(container.name ?? ''))
}

/** True for a pod that the webhook of EKS does not see, by its objectSelector. */
export function webhookOptOut(view: PodSpecView): boolean {
  return memberOf(view.metadata.labels, 'eks.amazonaws.com/skip-pod-identity-webhook') !== undefined
}

/** The name of the configuration that registers the identity webhook of a cloud; undefined where there is none. */
export function injectorOf(
  cloud: InjectingCloud,
  inventory: Inventory<'MutatingWebhookConfiguration'>,
): string | undefined | Unknown {
  const listed = inventory.list('MutatingWebhookConfiguration')
  if (listed === unknown) return unknown
  const found = listed.find((configuration) =>
    [
      nameOf(configuration),
      ...listOf(configuration.webhooks).map((each) => stringOf(memberOf(each, 'name')) ?? ''),
    ].some((name) => name.includes(webhookNames[cloud])),
  )
  return found && nameOf(found)
}

export const skipAnnotations = {
  eks: 'eks.amazonaws.com/skip-containers',
  azure: 'azure.workload.identity/skip-containers',
} as const

const webhookNames = { eks: 'pod-identity-webhook', azure: 'azure-wi-webhook' } as const

// EKS Pod Identity hands out an address instead of a file.
const tokenVariables = {
  eks: ['AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_CONTAINER_CREDENTIALS_FULL_URI'],
  azure: ['AZURE_FEDERATED_TOKEN_FILE'],
} as const

// The one reads a line of CSV, where blanks count; the other splits at semicolons and trims.
const skippedNames: { readonly [C in InjectingCloud]: (value: string) => ReadonlySet<string> } = {
  eks: (value) => new Set((value.split('\n')[0] ?? '').split(',').map((name) => name.replace(/^"(.*)"$/, '$1'))),
  azure: (value) => new Set(value.split(';').map((name) => name.trim())),
}
