import { closest } from './closest.ts'
import { brief } from './names.ts'
import { roleKeys } from './service-accounts.ts'

/** What is wrong with the value of an identity annotation; `reason` groups the keys that take the same form. */
export interface AnnotationFault {
  readonly reason: 'arn' | 'guid' | 'email' | 'expiry' | 'audience' | 'regional-endpoints'
  /** Follows the key and the value in a message. */
  readonly says: string
  readonly fix: string
}

export interface AnnotationOptions {
  /** The webhook of EKS runs with `--compose-role-arn`: a bare role name is completed. */
  readonly composeRoleArn: boolean
}

/**
 * What is wrong with an annotation that an identity webhook or a kubelet credential provider reads from a ServiceAccount.
 * Undefined for other keys and for values that work. An empty role is none: charts write it where nothing is mapped
 * (amazon-eks-pod-identity-webhook pkg/cache/cache.go, azure-workload-identity pkg/webhook/webhook.go).
 */
export function annotationFault(key: string, value: string, options: AnnotationOptions): AnnotationFault | undefined {
  if (value === '' && mayBeEmpty.has(key)) return undefined
  return forms.get(key)?.(value, options)
}

/** The key that was meant by one that nothing reads; undefined for keys that something reads or that resemble none. */
export function meantKey(key: string): string | undefined {
  const slash = key.indexOf('/')
  const domain = key.slice(0, slash)
  const names = namesByDomain.get(domain)
  const name = key.slice(slash + 1)
  if (!names || names.includes(name) || others.has(key)) return undefined
  const meant = closest(plain(name), names.map(plain))
  const found = names.find((each) => plain(each) === meant)
  return found === undefined ? undefined : `${domain}/${found}`
}

/** A role ARN as the webhook of EKS accepts it. */
export function isRoleArn(value: string): boolean {
  return roleArn.test(value)
}

type Form = (value: string, options: AnnotationOptions) => AnnotationFault | undefined

const roleArn = /^arn:aws[a-z0-9-]*:iam::\d{12}:role\/[\w\-/.@+=,]+$/
const bareRole = /^[\w\-/.@+=,]+$/
const guid = /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/
const emails = [
  /^[a-z](?:[-a-z0-9]{4,28}[a-z0-9])@[a-z0-9][-a-z0-9.]*[a-z0-9]\.iam\.gserviceaccount\.com$/,
  /^\d+-compute@developer\.gserviceaccount\.com$/,
  /^[a-z][-a-z0-9.:]*@appspot\.gserviceaccount\.com$/,
]
// What strconv.ParseBool of Go takes for a truth value.
const truths: ReadonlySet<string> = new Set([
  '1',
  't',
  'T',
  'TRUE',
  'true',
  'True',
  '0',
  'f',
  'F',
  'FALSE',
  'false',
  'False',
])

const forms: ReadonlyMap<string, Form> = new Map<string, Form>([
  [roleKeys.eks, (value, { composeRoleArn }) => arnFault(value, composeRoleArn)],
  ['eks.amazonaws.com/ecr-role-arn', (value) => arnFault(value, false)],
  ['eks.amazonaws.com/audience', audienceFault],
  ['eks.amazonaws.com/token-expiration', (value) => expiryFault(value, 600, 'ignored: the default is used')],
  ['eks.amazonaws.com/sts-regional-endpoints', regionalFault],
  [roleKeys.azure, guidFault],
  ['azure.workload.identity/tenant-id', guidFault],
  [
    'azure.workload.identity/service-account-token-expiration',
    (value) => expiryFault(value, 3600, 'refused by the webhook, with the pod'),
  ],
  ['kubernetes.azure.com/acr-client-id', guidFault],
  ['kubernetes.azure.com/acr-tenant-id', guidFault],
  [roleKeys.gke, emailFault],
])

const mayBeEmpty: ReadonlySet<string> = new Set([
  roleKeys.eks,
  roleKeys.azure,
  roleKeys.gke,
  'eks.amazonaws.com/ecr-role-arn',
  'azure.workload.identity/service-account-token-expiration',
  'kubernetes.azure.com/acr-client-id',
  'kubernetes.azure.com/acr-tenant-id',
])

// Keys of the same domains that mean something else, or stand on pods.
const others: ReadonlySet<string> = new Set([
  'azure.workload.identity/inject-proxy-sidecar',
  'azure.workload.identity/proxy-sidecar-port',
  'azure.workload.identity/skip-containers',
  'azure.workload.identity/use',
  'eks.amazonaws.com/skip-containers',
  'eks.amazonaws.com/skip-pod-identity-webhook',
  'iam.gke.io/credential-quota-project',
  'iam.gke.io/return-principal-id-as-email',
])

const namesByDomain: ReadonlyMap<string, readonly string[]> = new Map(
  [...new Set([...forms.keys()].map((key) => key.slice(0, key.indexOf('/'))))].map((domain) => [
    domain,
    [...forms.keys()].filter((key) => key.startsWith(`${domain}/`)).map((key) => key.slice(domain.length + 1)),
  ]),
)

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}

function arnFault(value: string, mayCompose: boolean): AnnotationFault | undefined {
  if (roleArn.test(value)) return undefined
  if (mayCompose && !value.includes('arn:') && bareRole.test(value)) return undefined
  return { reason: 'arn', says: arnSlip(value), fix: 'write arn:aws:iam::<12 digits>:role/<name>' }
}

function arnSlip(value: string): string {
  if (value.trim() !== value) return 'has white space around it'
  if (/["']/.test(value)) return 'has quotes inside the value'
  if (value.includes(':user/')) return 'names a user, not a role'
  if (value.includes(':instance-profile/')) return 'names an instance profile, not a role'
  if (value.includes(':assumed-role/')) return 'names a session, not the role'
  if (value.includes(':policy/')) return 'names a policy, not a role'
  if (!value.startsWith('arn:')) return 'is no ARN'
  if (/^arn:aws[a-z0-9-]*:iam::(?!\d{12}:)/.test(value)) return 'lacks an account id of 12 digits'
  return 'is not the ARN of a role'
}

function guidFault(value: string): AnnotationFault | undefined {
  if (guid.test(value)) return undefined
  const says = value.trim() !== value ? 'has white space around it' : 'is not a GUID'
  return { reason: 'guid', says, fix: 'write the GUID that `az identity show` prints' }
}

function emailFault(value: string): AnnotationFault | undefined {
  if (emails.some((form) => form.test(value))) return undefined
  const says = value.trim() !== value ? 'has white space around it' : 'is not the e-mail of a service account'
  return { reason: 'email', says, fix: 'write <name>@<project>.iam.gserviceaccount.com' }
}

function expiryFault(value: string, least: number, outcome: string): AnnotationFault | undefined {
  const seconds = /^[+-]?\d+$/.test(value) ? Number(value) : NaN
  if (seconds >= least && seconds <= day) return undefined
  const says = Number.isNaN(seconds)
    ? `is ${outcome}`
    : seconds < least
      ? `is below ${least} seconds`
      : 'is more than a day'
  return { reason: 'expiry', says, fix: `write seconds from ${least} to ${day}, as "3600"` }
}

function audienceFault(value: string): AnnotationFault | undefined {
  if (value !== '' && !/\s/.test(value)) return undefined
  const says = value === '' ? 'is empty' : 'has white space in it'
  return { reason: 'audience', says, fix: 'write sts.amazonaws.com' }
}

function regionalFault(value: string): AnnotationFault | undefined {
  if (truths.has(value)) return undefined
  return { reason: 'regional-endpoints', says: 'is ignored', fix: 'write "true" or "false"' }
}

/** An annotation as messages show it. */
export function shown(key: string, value: string): string {
  return `${key}="${brief(value, 28)}"`
}

const day = 86_400
