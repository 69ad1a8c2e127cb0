import type { Destination } from './egress.ts'
import { azureUseLabel, hasVariable } from './identity-injection.ts'
import type { Kinds } from './objects.ts'
import { containersOf, type PodSpecView } from './pod-specs.ts'
import { cloudsOf } from './service-accounts.ts'
import { memberOf } from './shape.ts'

/** What a pod must reach to get its credentials. */
export interface CredentialNeed {
  readonly kind: 'endpoint' | 'dns'
  /** As messages say it, with protocol and port. */
  readonly name: string
  readonly fix: string
  /** One of these will do. */
  readonly anyOf: readonly Destination[]
}

export interface CredentialOptions {
  /** EKS Pod Identity is in no object: whose pods use it, as `namespace/name` of the ServiceAccount. */
  readonly podIdentityAccounts: readonly string[]
  /** `address:port` of the metadata server of GKE, of which a pod needs one. */
  readonly gkeMetadataEndpoints: readonly string[]
  /** Pods without a role need the metadata service of their node. */
  readonly imdsRequired: boolean
}

/**
 * What the pods of a spec must reach to get their credentials, by how their ServiceAccount is mapped. Nothing on the
 * host network, which no NetworkPolicy isolates.
 */
export function credentialNeeds(
  view: PodSpecView,
  account: Kinds['ServiceAccount'],
  accountName: string,
  options: CredentialOptions,
): readonly CredentialNeed[] {
  if (view.spec.hostNetwork === true) return []
  const clouds = new Set(cloudsOf(account))
  const usesAgent =
    options.podIdentityAccounts.includes(accountName) || hasAny(view, ['AWS_CONTAINER_CREDENTIALS_FULL_URI'])
  // The cluster-wide label decides, and the client id may be in code.
  const isAzure = memberOf(view.metadata.labels, azureUseLabel) === 'true'
  const isRemote = (clouds.has('eks') && !usesAgent) || isAzure
  // Behind a proxy it is the proxy that has to be reached, and nobody here knows where it is.
  const direct = isRemote && !hasAny(view, ['HTTPS_PROXY', 'https_proxy'])
  return [
    ...(usesAgent ? [podIdentityAgent] : []),
    ...(direct ? [isAzure ? entra : sts, dns] : []),
    ...(clouds.has('gke') ? [gkeMetadata(options.gkeMetadataEndpoints)] : []),
    ...(options.imdsRequired && clouds.size === 0 && !usesAgent && !isAzure ? [imds] : []),
  ]
}

const podIdentityAgent: CredentialNeed = {
  kind: 'endpoint',
  name: 'the EKS Pod Identity agent, 169.254.170.23 TCP 80',
  fix: 'allow egress to 169.254.170.23/32, TCP 80, and leave 169.254.169.254 closed',
  anyOf: [tcp('169.254.170.23', 80), tcp('fd00:ec2::23', 80)],
}
const sts: CredentialNeed = {
  kind: 'endpoint',
  name: 'AWS STS, TCP 443',
  fix: 'allow egress on TCP 443 to the addresses of STS, and leave 169.254.169.254 closed',
  anyOf: [{ to: 'outside', protocol: 'TCP', port: 443 }],
}
const entra: CredentialNeed = {
  kind: 'endpoint',
  name: 'login.microsoftonline.com, TCP 443',
  fix: 'allow egress on TCP 443 to the addresses of Microsoft Entra',
  anyOf: [{ to: 'outside', protocol: 'TCP', port: 443 }],
}
// OpenShift has its DNS pods listen on 5353, and policies see the port behind the Service.
const dns: CredentialNeed = {
  kind: 'dns',
  name: 'DNS, UDP 53',
  fix: 'allow egress on UDP and TCP 53',
  anyOf: [53, 5353].flatMap((port) => [
    { to: 'anyone' as const, protocol: 'UDP' as const, port },
    { to: 'anyone' as const, protocol: 'TCP' as const, port },
  ]),
}
const imds: CredentialNeed = {
  kind: 'endpoint',
  name: 'the metadata service, 169.254.169.254 TCP 80',
  fix: 'map a role to the ServiceAccount, or allow egress to 169.254.169.254/32, TCP 80',
  anyOf: [tcp('169.254.169.254', 80)],
}

function gkeMetadata(endpoints: readonly string[]): CredentialNeed {
  return {
    kind: 'endpoint',
    name: 'the metadata server of GKE, 169.254.169.252 TCP 988',
    fix: 'allow egress to 169.254.169.252/32, TCP 988 (Dataplane V2: 169.254.169.254/32, TCP 80)',
    anyOf: endpoints.map((endpoint) => {
      const colon = endpoint.lastIndexOf(':')
      return tcp(endpoint.slice(0, colon), Number(endpoint.slice(colon + 1)))
    }),
  }
}

function tcp(address: string, port: number): Destination {
  return { to: { address }, protocol: 'TCP', port }
}

function hasAny(view: PodSpecView, names: readonly string[]): boolean {
  return containersOf(view).some((container) => names.some((name) => hasVariable(container, name)))
}
