import { entropy, invented } from './characters.ts'
import type { Text } from './evidence.ts'
import { isPath, isPlaceholder, isReference } from './placeholder.ts'

/**
 * Detectors of the credentials that a text holds under the exact name of a cloud whose tokens have no form of their own:
 * name and form together. Linear: every name is looked at once, and the value behind it within a window.
 */
export function namedCredentials({ key, value }: Text): ReadonlySet<string> {
  const found = new Set<string>()
  const whole = secrets.get(normalized(key))
  if (whole && isSecret(whole, value.trim())) found.add(whole.detector)
  for (const { index, 0: name } of value.matchAll(anyName)) {
    const secret = secrets.get(normalized(name))
    if (!secret || found.has(secret.detector)) continue
    assignment.lastIndex = index + name.length
    const [, quoted, bare] = assignment.exec(value) ?? []
    if (isSecret(secret, quoted ?? bare ?? '')) found.add(secret.detector)
  }
  if (openstackFile.test(value) && isOpenstackPassword(value)) found.add('openstack-password')
  return found
}

interface NamedSecret {
  readonly detector: string
  readonly form: RegExp
  readonly least: number
}

// Names without separators, and what their values look like. An entropy that only random values reach.
const rows: readonly (readonly [detector: string, names: string, form: RegExp, least: number])[] = [
  ['ibm-api-key', 'ibmcloudapikey ibmapikey ibmcloudiamapikey bluemixapikey', /^[A-Za-z0-9_-]{44}$/, 4],
  ['ibm-storage-secret', 'secretaccesskey cossecretaccesskey coshmacsecretaccesskey', /^[a-f0-9]{48}$/, 3],
  ['linode-token', 'linodetoken linodeapitoken linodeclitoken', /^[a-f0-9]{64}$/, 3],
  ['hetzner-token', 'hcloudtoken hetznertoken hetznerapitoken hetznercloudtoken', /^[A-Za-z0-9]{64}$/, 4.5],
  ['vultr-key', 'vultrapikey vultrtoken', /^[A-Z0-9]{36}$/, 3.6],
  ['cloudflare-token', 'cloudflareapitoken cfapitoken cloudflaretoken', /^[A-Za-z0-9_-]{40}$/, 4],
  ['cloudflare-key', 'cloudflareapikey cfapikey', /^[a-f0-9]{37}$/, 3],
  ['scaleway-secret', 'scwsecretkey scalewaysecretkey', /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 2.8],
  ['digitalocean-spaces-key', 'spacesaccesskeyid spacesaccessid spaceskey', /^DO[A-Z0-9]{18}$/, 3],
  ['openstack-secret', 'osapplicationcredentialsecret applicationcredentialsecret', /^[\w-]{32,128}$/, 3.5],
  ['openstack-password', 'ospassword', /^\S{8,128}$/, 2.5],
]

const secrets: ReadonlyMap<string, NamedSecret> = new Map(
  rows.flatMap(([detector, names, form, least]) =>
    names.split(' ').map((name) => [name, { detector, form, least }] as const),
  ),
)

// What the names begin with.
const anyName =
  /\b(?:ibm|bluemix|linode|hcloud|hetzner|vultr|cloudflare|cf|scw|scaleway|spaces|os|application|cos|secret)[A-Za-z_-]{2,32}/gi

const assignment = /["']?[ \t]{0,8}[:=][ \t]{0,8}(?:["']([^"'\n]{1,256})["']|([^\s"',;#]{1,256}))/y

function normalized(name: string): string {
  return name.length > 48 ? '' : name.toLowerCase().replace(/[^a-z0-9]+/g, '')
}

function isSecret({ form, least }: NamedSecret, value: string): boolean {
  if (!form.test(value) || entropy(value) < least || invented(value)) return false
  return !isPlaceholder(value) && !isReference(value) && !isPath(value)
}

// clouds.yaml, and cloud.conf of the cloud provider: a password beside the address of the identity service.
const openstackFile = /^[ \t]*auth[_-]url["']?[ \t]?[:=]/m
const openstackPassword = /^[ \t]*password["']?[ \t]?[:=][ \t]{0,8}(?:["']([^"'\n]{8,128})["']|([^\s"'#]{8,128}))/gm

function isOpenstackPassword(text: string): boolean {
  const secret = secrets.get('ospassword')
  for (const [, quoted, bare] of text.matchAll(openstackPassword))
    if (secret && isSecret(secret, quoted ?? bare ?? '')) return true
  return false
}
