import { unknown, type Inventory } from '../inventory.ts'
import type { ContainerView, PodSpec } from '../pod-specs.ts'
import { listOf, memberOf, recordOf, stringOf } from '../shape.ts'
import { isVariable } from '../variables.ts'
import { containerFields } from './container-fields.ts'
import { dataFields, dataKeys } from './data-fields.ts'
import { detectCredentials } from './detect.ts'
import { isReference } from './placeholder.ts'
import { namesForeignStore } from './store-endpoint.ts'

export type RoleCloud = 'AWS' | 'Google Cloud' | 'Azure'

/** A static credential that a container is handed by reference: by variable, or as a file that a variable names. */
export interface CredentialRef {
  readonly cloud: RoleCloud
  readonly variable: string
  /** JSON pointer of what refers to it. */
  readonly path: string
  readonly source: { readonly kind: 'Secret' | 'ConfigMap'; readonly name: string }
  /** The SDK takes it before the role of the ServiceAccount. */
  readonly winning: boolean
}

/** What a container refers to, and whether a Secret that nobody knows may hold more. */
export interface CredentialRefs {
  readonly found: readonly CredentialRef[]
  readonly unsure: boolean
}

/**
 * The static credentials that a container is handed by reference. Not those of a container that is told the endpoint of
 * another store than Amazon's, as far as they are called like those of AWS.
 */
export function credentialRefsOf(
  view: ContainerView,
  spec: PodSpec,
  namespace: string,
  inventory: Inventory<'Secret'>,
): CredentialRefs {
  const env = refsInEnv(view, spec, namespace, inventory)
  const from = refsInEnvFrom(view, namespace, inventory)
  const found = [...env, ...from.found]
  const amazon = found.every(({ cloud }) => cloud !== 'AWS') || !namesForeignStore(containerFields(view))
  return { found: amazon ? found : found.filter(({ cloud }) => cloud !== 'AWS'), unsure: from.unsure }
}

/** The variable by which an identity webhook hands a container the token of a role; undefined where none has. */
export function tokenVariableOf({ environment }: ContainerView, cloud: RoleCloud): string | undefined {
  return tokenVariables[cloud].find((name) => environment.places.has(name))
}

const tokenVariables: { readonly [C in RoleCloud]: readonly string[] } = {
  AWS: ['AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_CONTAINER_CREDENTIALS_FULL_URI'],
  Azure: ['AZURE_FEDERATED_TOKEN_FILE'],
  'Google Cloud': [],
}

interface Meaning {
  readonly cloud: RoleCloud
  readonly file: boolean
  readonly winning: boolean
}

// In the chains of the SDKs the variables with keys come before the token of a role, the shared file of AWS after it, and
// the keys of storage accounts are in no chain (docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html,
// learn.microsoft.com/dotnet/azure/sdk/authentication/credential-chains).
const meanings: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['AWS_ACCESS_KEY_ID', { cloud: 'AWS', file: false, winning: true }],
  ['AWS_SECRET_ACCESS_KEY', { cloud: 'AWS', file: false, winning: true }],
  ['AWS_SESSION_TOKEN', { cloud: 'AWS', file: false, winning: true }],
  ['AWS_SHARED_CREDENTIALS_FILE', { cloud: 'AWS', file: true, winning: false }],
  ['AZURE_CLIENT_SECRET', { cloud: 'Azure', file: false, winning: true }],
  ['ARM_CLIENT_SECRET', { cloud: 'Azure', file: false, winning: true }],
  ['AZURE_CLIENT_CERTIFICATE_PATH', { cloud: 'Azure', file: true, winning: true }],
  ['AZURE_STORAGE_KEY', { cloud: 'Azure', file: false, winning: false }],
  ['AZURE_STORAGE_CONNECTION_STRING', { cloud: 'Azure', file: false, winning: false }],
  ['GOOGLE_CREDENTIALS', { cloud: 'Google Cloud', file: false, winning: true }],
  ['GOOGLE_APPLICATION_CREDENTIALS', { cloud: 'Google Cloud', file: true, winning: true }],
])

const variables = [...meanings.keys()]

function refsInEnv(
  view: ContainerView,
  spec: PodSpec,
  namespace: string,
  inventory: Inventory<'Secret'>,
): readonly CredentialRef[] {
  const found: CredentialRef[] = []
  const { entries, places } = view.environment
  if (!variables.some((name) => places.has(name))) return found
  for (let index = 0; index < entries.length; index++) {
    const variable = stringOf(memberOf(entries[index], 'name')) ?? ''
    const meaning = meanings.get(variable)
    if (!meaning) continue
    const { cloud, winning } = meaning
    const path = `${view.path}/env/${index}`
    if (meaning.file) {
      const name = secretBehind(stringOf(memberOf(entries[index], 'value')) ?? '', view, spec)
      if (name === undefined || (!isCertificate(variable) && holdsNoKey(name, namespace, inventory))) continue
      found.push({ cloud, variable, winning, path: `${path}/value`, source: { kind: 'Secret', name } })
    } else {
      const source = sourceOf(memberOf(entries[index], 'valueFrom'))
      if (source) found.push({ cloud, variable, winning, path: `${path}/valueFrom`, source })
    }
  }
  return found
}

function sourceOf(valueFrom: unknown): CredentialRef['source'] | undefined {
  const secret = recordOf(memberOf(valueFrom, 'secretKeyRef'))
  if (secret) return { kind: 'Secret', name: stringOf(secret['name']) ?? '' }
  const map = recordOf(memberOf(valueFrom, 'configMapKeyRef'))
  return map && { kind: 'ConfigMap', name: stringOf(map['name']) ?? '' }
}

function isCertificate(variable: string): boolean {
  return variable === 'AZURE_CLIENT_CERTIFICATE_PATH'
}

// Only the keys of the Secret say what `envFrom` hands over.
function refsInEnvFrom({ container, path }: ContainerView, namespace: string, inventory: Inventory<'Secret'>) {
  const found: CredentialRef[] = []
  let unsure = false
  for (const [index, entry] of listOf(container.envFrom).entries()) {
    const ref = recordOf(memberOf(entry, 'secretRef'))
    if (!ref) continue
    const name = stringOf(ref['name']) ?? ''
    const secret = inventory.get('Secret', namespace, name)
    if (secret === unknown || !secret || inventory.uncertain(secret)) {
      unsure ||= secret !== undefined || !inventory.complete
      continue
    }
    const prefix = stringOf(memberOf(entry, 'prefix')) ?? ''
    const clouds = new Set<RoleCloud>()
    for (const key of dataKeys(secret)) {
      const meaning = meanings.get(prefix + key)
      if (!meaning || meaning.file || clouds.has(meaning.cloud)) continue
      clouds.add(meaning.cloud)
      const { cloud, winning } = meaning
      const source = { kind: 'Secret', name } as const
      found.push({ cloud, variable: prefix + key, winning, path: `${path}/envFrom/${index}/secretRef`, source })
    }
  }
  return { found, unsure }
}

/** The Secret whose volume holds the file: that of the innermost mount above it. */
function secretBehind(file: string, { container }: ContainerView, spec: PodSpec): string | undefined {
  if (!file.startsWith('/') || file.length > longestPath || isVariable(file)) return undefined
  const volumes = new Map<string, unknown>()
  for (const mount of listOf(container.volumeMounts)) {
    const at = stringOf(memberOf(mount, 'mountPath'))
    if (at !== undefined) volumes.set(trimmed(at), memberOf(mount, 'name'))
  }
  for (let at = trimmed(file); at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
    if (!volumes.has(at)) continue
    const volume = listOf(spec.volumes).find((volume) => memberOf(volume, 'name') === volumes.get(at))
    return secretOf(volume)
  }
  return undefined
}

// A projected volume brings the token of workload identity, unless there is nothing but Secrets in it.
function secretOf(volume: unknown): string | undefined {
  const secret = memberOf(volume, 'secret')
  if (recordOf(secret)) return stringOf(memberOf(secret, 'secretName')) ?? ''
  const sources = listOf(memberOf(memberOf(volume, 'projected'), 'sources'))
  const [first] = sources
  if (!sources.every((source) => recordOf(memberOf(source, 'secret')))) return undefined
  return first === undefined ? undefined : (stringOf(memberOf(memberOf(first, 'secret'), 'name')) ?? '')
}

// Longer ones the kernel refuses (PATH_MAX).
const longestPath = 4096

function trimmed(path: string): string {
  let end = path.length
  while (end > 0 && path.charCodeAt(end - 1) === 0x2f) end--
  return path.slice(0, end)
}

// Federation, a role to assume: files of this kind hold no key, where the Secret is there to be read.
function holdsNoKey(name: string, namespace: string, inventory: Inventory<'Secret'>): boolean {
  const secret = inventory.get('Secret', namespace, name)
  if (secret === unknown || !secret || inventory.uncertain(secret)) return false
  const fields = dataFields('Secret', secret)
  if (fields.length === 0 || fields.some(({ text }) => text === '' || isVariable(text) || isReference(text)))
    return false
  return detectCredentials(fields).length === 0
}
