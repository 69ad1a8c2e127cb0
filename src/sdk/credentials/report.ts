import type { ParamSchemas } from '../params.ts'
import type { Level, Violation } from '../policy.ts'
import { type Snippet, yaml } from '../snippet.ts'
import { customDetectorPattern } from './custom.ts'
import type { Cloud, Hit } from './hit.ts'

export type CredentialReason = 'value' | 'possible' | 'name'

/** What the settings can say to every rule about credentials. */
export const credentialParams = {
  canaryAccounts: {
    type: 'array',
    items: { type: 'string', pattern: '^[0-9]{12}$' },
    default: [],
    description:
      'AWS accounts whose keys are bait, besides those of well-known services: nothing is said of their keys.',
  },
  extraDetectors: {
    type: 'array',
    items: { type: 'string', pattern: customDetectorPattern },
    default: [],
    description:
      'Tokens of your own, as `id=pattern`: three literal characters or more, then literals and classes of a fixed length, such as `acme-token=acme_[A-Za-z0-9]{32}`.',
  },
  otherClouds: {
    type: 'boolean',
    default: false,
    description:
      'Look for credentials of other clouds as well: Alibaba Cloud, Oracle, Tencent, IBM, OpenStack, DigitalOcean, Scaleway, Cloudflare, Linode, Hetzner, Vultr, Yandex, Volcengine, and tokens of HCP Terraform and Vault.',
  },
} as const satisfies ParamSchemas

/** The reasons of every rule about credentials, with the physics of the one rule that asks. */
export function credentialReasons(why: string) {
  return {
    value: { baseline: 'deny', why, snippet },
    possible: {
      baseline: 'warn',
      why: `It looks like a cloud credential, or is one that expires by itself and then fails every pod that still holds it. ${why}`,
      snippet,
    },
    name: { baseline: 'audit', why: `The name is that of a cloud credential. ${why}` },
  } as const satisfies {
    readonly [R in CredentialReason]: { readonly baseline: Level; why: string; snippet?: Snippet }
  }
}

/**
 * A hit as a finding. `place` says where it is, in words: `data["cloud"]`, `container web: env TOKEN`; `account` is the
 * ServiceAccount that could have a role in its place.
 */
export function credentialViolation(hit: Hit, place: string, account?: string): Violation<CredentialReason> {
  const reason = hit.level === 'possible' || hit.level === 'name' ? hit.level : 'value'
  const where = hit.line === undefined ? place : `${place} line ${hit.line}`
  const message = `${where} ${verdict(hit, reason)}`
  return { reason, path: hit.path, message, fix: fixes[reason][hit.cloud], values: { account } }
}

/** A name that a user chose, short and on one line. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 36 ? `${name.slice(0, 35)}…` : name)
}

function verdict({ cloud, detector, account, created }: Hit, reason: CredentialReason): string {
  if (reason === 'name') return `is named like a credential of ${cloud} (${detector})`
  const kind = cloud === 'other' ? 'credential' : `${cloud} credential`
  const more = [detector, account && `account ${account}`, created && `made ${created}`].filter(Boolean).join(', ')
  if (reason === 'value') return `holds a static ${kind} (${more})`
  const known = nouns.get(detector)
  return known ? `holds ${known} (${more})` : `may hold ${/^[AO]/i.test(kind) ? 'an' : 'a'} ${kind} (${more})`
}

// Credentials that end by themselves, by the documentation of their clouds, and those of clusters.
const nouns: ReadonlyMap<string, string> = new Map([
  ['aws-temporary-key', 'an AWS key that expires within 36 hours'],
  ['aws-session-token', 'an AWS token that expires within 36 hours'],
  ['aws-bedrock-token', 'an AWS token that expires within 12 hours'],
  ['aws-presigned-url', 'a signed AWS URL that expires within a week'],
  ['gcp-access-token', 'a Google Cloud token that expires within an hour'],
  ['azure-access-signature', 'an Azure signature that expires'],
  ['alibaba-temporary-key', 'an Alibaba Cloud key that expires within hours'],
  ['registry-token', 'a registry token that expires within hours'],
  ['kubeconfig-client-key', 'the client key of a kubeconfig'],
  ['kubeconfig-token', 'the token of a kubeconfig'],
  ['kubeconfig-password', 'the password of a kubeconfig'],
  ['kubeconfig-auth-provider', "a person's login in a kubeconfig"],
])

const clusterFix = 'use the token of the ServiceAccount, or an exec plugin with its role'

const fixes: { readonly [R in CredentialReason]: { readonly [C in Cloud]: string } } = {
  value: {
    AWS: 'map an IAM role to the ServiceAccount; delete and revoke the key',
    'Google Cloud': 'grant IAM roles to the ServiceAccount; delete and revoke the key',
    Azure: 'use workload identity on the ServiceAccount; delete and revoke the key',
    Kubernetes: `delete and revoke it; ${clusterFix}`,
    other: 'delete and revoke it; let the pod fetch it with its own identity',
  },
  possible: {
    AWS: 'map an IAM role to the ServiceAccount instead',
    'Google Cloud': 'grant IAM roles to the ServiceAccount instead',
    Azure: 'use workload identity on the ServiceAccount instead',
    Kubernetes: clusterFix,
    other: 'let the pod fetch it with its own identity',
  },
  name: {
    AWS: 'if it is one, map an IAM role to the ServiceAccount instead',
    'Google Cloud': 'if it is one, grant IAM roles to the ServiceAccount instead',
    Azure: 'if it is one, use workload identity on the ServiceAccount instead',
    Kubernetes: clusterFix,
    other: 'if it is one, let the pod fetch it with its own identity',
  },
}

const snippet = yaml`# EKS: IAM role for the ServiceAccount (or: aws eks create-pod-identity-association, no annotation)
apiVersion: v1
kind: ServiceAccount
metadata:
  name: ${{ account: 'app' }}
  annotations:
    eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/app
---
# AKS: the pod template also needs the label azure.workload.identity/use: "true"
apiVersion: v1
kind: ServiceAccount
metadata:
  name: ${{ account: 'app' }}
  annotations:
    azure.workload.identity/client-id: <client id of the managed identity>
---
# GKE: or grant the roles to the principal of the ServiceAccount, no annotation
apiVersion: v1
kind: ServiceAccount
metadata:
  name: ${{ account: 'app' }}
  annotations:
    iam.gke.io/gcp-service-account: app@my-project.iam.gserviceaccount.com`
