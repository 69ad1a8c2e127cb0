import { unknown, type Unknown } from './inventory.ts'

/** What a `${VARIABLE}` may hide is unknown; tag and digest are undefined where the reference has none. */
export interface ImageReference {
  /** Host of the registry, in lower case, with its port if one is given: `docker.io` where the reference names none. */
  readonly host: string | Unknown
  /** Path inside the registry: `library/nginx` for `nginx`. */
  readonly repository: string | Unknown
  readonly tag: string | Unknown | undefined
  readonly digest: string | Unknown | undefined
}

/** A registry that nodes can pull from with their own identity, or that of the ServiceAccount. */
export interface CloudRegistry {
  readonly cloud: 'AWS' | 'Google Cloud' | 'Azure'
  /** AWS account that the registry belongs to, 12 digits. */
  readonly account?: string
  readonly region?: string
  /** Anybody may pull from it. */
  readonly public: boolean
}

/**
 * Reads a reference as the container runtimes do (github.com/distribution/reference): the first component is a host only
 * if it has a dot, a colon or a capital letter, or is `localhost`. Undefined for what is no reference.
 */
export function parseImage(image: unknown): ImageReference | undefined {
  if (typeof image !== 'string' || image.length > longestImage) return undefined
  const known = parsed.get(image)
  if (known) return known
  const reference = parse(image)
  if (!reference) return undefined
  if (parsed.size >= mostParsed) parsed.clear()
  parsed.set(image, reference)
  return reference
}

// Several rules ask for the same few images, again and again.
const parsed = new Map<string, ImageReference>()
const mostParsed = 1024
// The grammar allows 255 characters of a name, 128 of a tag and a digest; variables make it longer.
const longestImage = 4096

function parse(image: string): ImageReference | undefined {
  // What a variable holds may be anything, a slash too; what it is written with (`${TAG:-1.2/x}`) is not the reference.
  const text = withHoles(image.trim())
  const at = text.indexOf('@')
  const digest = at < 0 ? undefined : text.slice(at + 1)
  if (digest !== undefined && !digest.includes(hole) && !isDigest.test(digest)) return undefined
  const { host, rest } = splitHost(at < 0 ? text : text.slice(0, at))
  const colon = rest.indexOf(':', rest.lastIndexOf('/') + 1)
  const path = colon < 0 ? rest : rest.slice(0, colon)
  const tag = colon < 0 ? undefined : rest.slice(colon + 1)
  if (!isPath(path) || (tag !== undefined && !tag.includes(hole) && !isTag.test(tag))) return undefined
  // A variable at the end may bring a tag or a digest with it.
  const open = at < 0 && rest.endsWith(hole)
  return {
    host: known(host),
    repository: host.includes(hole)
      ? unknown
      : known(host === 'docker.io' && !path.includes('/') ? library(path) : path),
    tag: open ? unknown : known(tag),
    digest: open ? unknown : known(digest),
  }
}

/** Host of the server that a registry credential names: `https://index.docker.io/v1/` is `index.docker.io`. */
export function hostOfServer(server: string): string {
  const scheme = server.indexOf('://')
  const rest = scheme < 0 ? server : server.slice(scheme + 3)
  const slash = rest.indexOf('/')
  return (slash < 0 ? rest : rest.slice(0, slash)).toLowerCase()
}

/** The cloud that a registry host belongs to, with or without its port; undefined for every other registry. */
export function cloudRegistry(host: string): CloudRegistry | undefined {
  if (host.length > 253 + 6) return undefined
  const known = registries.get(host)
  if (known !== undefined) return known ?? undefined
  const registry = readRegistry(host)
  if (registries.size >= mostParsed) registries.clear()
  registries.set(host, registry ?? null)
  return registry
}

// As with references: the same few hosts, again and again. `null` is what is no cloud's.
const registries = new Map<string, CloudRegistry | null>()

function readRegistry(host: string): CloudRegistry | undefined {
  const name = host.toLowerCase().replace(/:\d*$/, '')
  if (name === 'public.ecr.aws') return { cloud: 'AWS', public: true }
  const [, account, region] = ecr.exec(name) ?? []
  if (account !== undefined && region !== undefined) return { cloud: 'AWS', account, region, public: false }
  if (google.test(name)) return { cloud: 'Google Cloud', public: false }
  return azure.test(name) ? { cloud: 'Azure', public: false } : undefined
}

// Stands for a variable while a reference is taken apart: no reference has it.
const hole = '\0'

// The hosts that the credential providers of the kubelet serve: kubernetes/cloud-provider-aws
// cmd/ecr-credential-provider, kubernetes/cloud-provider-gcp pkg/gcpcredential, kubernetes-sigs/cloud-provider-azure
// pkg/credentialprovider.
const ecr =
  /^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9][a-z0-9_-]*)\.(?:amazonaws\.(?:com(?:\.cn)?|eu)|on\.(?:aws|amazonwebservices\.com\.cn)|sc2s\.sgov\.gov|c2s\.ic\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)$/
const google = /^(?:container\.cloud\.google\.com|gcr\.io|[^.]+\.gcr\.io|[^.]+\.pkg\.dev)$/
// Azure puts a hyphen before the hash that it may add to a name.
const azure = /^[a-z0-9-]+\.azurecr\.(?:io|cn|de|us)$/

const isTag = /^\w[\w.-]{0,127}$/
const isDigest = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/
const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/

// Behind the last brace nothing ends, so that no part of the text is read twice.
function withHoles(text: string): string {
  const end = text.lastIndexOf('}') + 1
  return text.slice(0, end).replace(/\$\{[^}]*\}/g, hole) + text.slice(end)
}

function splitHost(name: string): { readonly host: string; readonly rest: string } {
  const slash = name.indexOf('/')
  const first = slash < 0 ? '' : name.slice(0, slash)
  // A variable alone may be a registry, a folder of one, or the whole name.
  const hidden = slash < 0 ? name.startsWith(hole) : first === hole
  const isHost = first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase()
  if (hidden || (isHost && first.includes(hole))) return { host: hole, rest: slash < 0 ? name : name.slice(slash + 1) }
  if (!isHost) return { host: first.includes(hole) ? hole : 'docker.io', rest: name }
  const host = first.toLowerCase()
  return { host: host === 'index.docker.io' ? 'docker.io' : host, rest: name.slice(slash + 1) }
}

function isPath(path: string): boolean {
  if (path.length > 255) return false
  return path.split('/').every((part) => part.includes(hole) || component.test(part))
}

function library(path: string): string {
  return path.includes(hole) ? path : `library/${path}`
}

function known<T extends string | undefined>(part: T): T | Unknown {
  return part?.includes(hole) ? unknown : part
}
