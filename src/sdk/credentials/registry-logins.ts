import { cloudRegistry, hostOfServer, type CloudRegistry } from '../images.ts'
import { memberOf, recordOf, stringOf } from '../shape.ts'
import { isVariable } from '../variables.ts'
import { decodeBase64 } from './decode.ts'
import { findTokens } from './gate.ts'
import { isPlaceholder, isReference, isTemplated } from './placeholder.ts'

/**
 * What the login of a registry is. `token`: one that the cloud issued for some hours; `key-file`: the key of a Google
 * service account; `cloud-key`: a key that its shape gives away as one of the cloud; `password`: anything else. All but
 * tokens live until somebody revokes them.
 */
export type LoginKind = 'token' | 'key-file' | 'cloud-key' | 'password'

/** A login to the registry of a cloud. Holds no character of its password. */
export interface RegistryLogin {
  readonly host: string
  readonly registry: CloudRegistry
  readonly kind: LoginKind
}

/** The logins of a docker configuration, and whether a `${VARIABLE}` hides more. */
export interface RegistryLogins {
  readonly logins: readonly RegistryLogin[]
  readonly unsure: boolean
}

/** Hours that the token of a cloud's registry lives, by its documentation. */
export const tokenHours: { readonly [C in CloudRegistry['cloud']]: number } = { AWS: 12, 'Google Cloud': 1, Azure: 3 }

/**
 * The logins to registries of clouds in the text of a docker configuration, one for each host: `config.json`, with its
 * entries under `auths`, or `.dockercfg`, which is nothing but entries. None where the text is no such thing.
 */
export function registryLogins(text: string, format: 'config.json' | '.dockercfg'): RegistryLogins {
  const document = parse(text)
  return loginsIn(format === 'config.json' ? memberOf(document, 'auths') : document)
}

/** The same for entries that are parsed already. */
export function loginsIn(entries: unknown): RegistryLogins {
  const found = new Map<string, RegistryLogin>()
  let unsure = false
  const servers = recordOf(entries) ?? {}
  for (const server of Object.keys(servers)) {
    const host = hostOfServer(server)
    const registry = registryAt(host)
    const login = recordOf(servers[server])
    if (!login || (!registry && !isVariable(server))) continue
    const kind = kindOf(registry?.cloud, login)
    if (kind === undefined) continue
    if (kind === 'unknown' || !registry) unsure = true
    else if (!found.has(host) || kind !== 'password') found.set(host, { host, registry, kind })
  }
  return { logins: [...found.values()], unsure }
}

// The kubelet takes `*.dkr.ecr.*.amazonaws.com` for a host (credentialprovider/keyring.go): any that it may stand for.
function registryAt(host: string): CloudRegistry | undefined {
  if (!cloudHost.test(host)) return undefined
  if (!host.includes('*')) return cloudRegistry(host)
  const registry = cloudRegistry(host.replace(/^\*(?=\.dkr[.-])/, '000000000000').replaceAll('*', 'x'))
  return registry && { cloud: registry.cloud, public: registry.public }
}

// What is in the names of all of them, so that the many others cost nothing.
const cloudHost = /ecr|gcr\.io|pkg\.dev|google/

function kindOf(
  cloud: CloudRegistry['cloud'] | undefined,
  entry: { readonly [key: string]: unknown },
): LoginKind | 'unknown' | undefined {
  const [username, password] = partsOf(entry)
  const tokens = [entry['identitytoken'], entry['registrytoken']]
  if ([username, password, entry['auth'], ...tokens].some(isVariable)) return 'unknown'
  if (![password, ...tokens].some(isSecret)) return undefined
  if (cloud === 'AWS' && username === 'AWS') return 'token'
  if (cloud === 'Azure' && username === '00000000-0000-0000-0000-000000000000') return 'token'
  if (cloud === 'Azure' && isAzureKey(password)) return 'cloud-key'
  if (cloud !== 'Google Cloud') return 'password'
  if (username === 'oauth2accesstoken') return 'token'
  return username === '_json_key' || username === '_json_key_base64' ? 'key-file' : 'password'
}

// The secret of a service principal, or the key of an admin user or of a token of the registry.
function isAzureKey(password: string): boolean {
  let sure = false
  findTokens(password, ({ cloud, level }) => {
    sure ||= cloud === 'Azure' && (level === 'certain' || level === 'likely')
  })
  return sure
}

// `auth` goes before the other two, as in kubernetes/pkg/credentialprovider/config.go.
function partsOf(entry: { readonly [key: string]: unknown }): readonly [username: string, password: string] {
  const auth = stringOf(entry['auth']) ?? ''
  const decoded = auth === '' ? undefined : decodeBase64(auth)
  const colon = decoded?.indexOf(':') ?? -1
  if (decoded !== undefined && colon >= 0) return [decoded.slice(0, colon), decoded.slice(colon + 1)]
  return [stringOf(entry['username']) ?? '', stringOf(entry['password']) ?? '']
}

function isSecret(value: unknown): boolean {
  if (typeof value !== 'string' || isReference(value)) return false
  // The key of a service account may speak of an example far inside; nobody writes a placeholder that long.
  return value.length > 64 ? !isTemplated(value) : !isPlaceholder(value)
}

// The error of JSON.parse quotes its input, so it goes no further than here.
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
