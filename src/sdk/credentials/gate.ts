import { awsMatchers } from './aws.ts'
import { azureKeyMatchers } from './azure-keys.ts'
import { accessSignature, connectionString } from './connection-strings.ts'
import { googleMatchers } from './google.ts'
import type { Match, Matcher } from './hit.ts'
import { LiteralSearch } from './literal-search.ts'

/** What is to be read of a text beyond its tokens. */
export interface Gated {
  /** JSON, whole or embedded, or lines with telling names. */
  structured: boolean
  /** A kubeconfig, which lists its users below their name. */
  kubeconfig: boolean
  /** Base64 of JSON inside the text, to be decoded and looked at again. */
  readonly nested: string[]
}

/** True if nothing in the text can be a token, a document or a telling name. One pass, about 2 ms a MiB. */
export function passes(text: string): boolean {
  return gate.find(text, 0) < 0
}

/**
 * Finds every sentinel of a text in one pass, and hands the tokens around them to `found`. No pattern begins with a
 * class, and each one looks at a fixed window or at a stretch that no other one of its kind looks at, so the time is
 * linear.
 */
export function findTokens(text: string, found: (match: Match, at: number) => void): Gated {
  const gated: Gated = { structured: false, kubeconfig: false, nested: [] }
  const read = { connection: 0, signature: 0 }
  for (let at = gate.find(text, 0), next = 0; at >= 0; at = gate.find(text, next)) {
    // Sentinels may overlap.
    next = at + 1
    const literal = gate.found
    const sentinel = meanings[literal]
    if (typeof sentinel === 'function') {
      const match = sentinel(text, at)
      if (match) found(match, at)
    } else if (sentinel === 'connection' || sentinel === 'signature') {
      // Other tokens may lie in the same stretch, and behind it.
      if (at < read[sentinel]) continue
      const judge = sentinel === 'connection' ? connectionString : accessSignature
      const { matches, end } = judge(text, at, read[sentinel])
      for (const match of matches) found(match, at)
      read[sentinel] = end
    } else if (sentinel === 'nested') {
      const run = base64Run(text, at)
      if (run.length >= shortestDocument) gated.nested.push(run)
      next = at + run.length
    } else {
      next = at + (gateSentinels[literal]?.length ?? 1)
      gated.structured = true
      gated.kubeconfig ||= sentinel === 'kubeconfig'
    }
  }
  return gated
}

function base64Run(text: string, at: number): string {
  run.lastIndex = at
  return run.exec(text)?.[0] ?? ''
}

// A document with a key takes no less.
const shortestDocument = 200

const run = /[A-Za-z0-9+/]+={0,2}/y

type Sentinel = Matcher | 'connection' | 'signature' | 'nested' | 'structure' | 'kubeconfig'

const sentinels: ReadonlyMap<string, Sentinel> = new Map<string, Sentinel>([
  ...awsMatchers,
  ...googleMatchers,
  ...azureKeyMatchers(),
  ...list('connection', 'AccountKey= SharedAccessKey= ;Secret='),
  ...list('signature', 'sig='),
  // Base64 of `{"type`, and of the same with two or four spaces of indentation.
  ...list('nested', 'eyJ0eXBl ewogICJ0eXBl ewogICAgInR5cGUi'),
  // And of `{"auths`, as manifests in a ConfigMap hold pull secrets.
  ...list('nested', 'eyJhdXRocyI'),
  ...list('structure', 'private_key refresh_token service_account external_account authorized_user appId auths"'),
  ...list('structure', 'ccess_key ccess-key ccessKey CCESS_KEY ecret_key ecret-key ecretKey ECRET_KEY'),
  ...list('structure', 'lient_secret lient-secret lientSecret LIENT_SECRET lientsecret'),
  ...list('structure', 'ccount_key ccount-key ccountKey ccountkey CCOUNT_KEY torage_key torage-key TORAGE_KEY'),
  ...list('structure', 'ession_token ession-token essionToken ESSION_TOKEN'),
  ...list('kubeconfig', 'current-context client-key-data "Config"'),
  ['kind: Config', 'kubeconfig'],
])

/** Every literal that opens the gate. */
export const gateSentinels: readonly string[] = [...sentinels.keys()].sort((a, b) => b.length - a.length)

const meanings = gateSentinels.map((literal) => sentinels.get(literal))
const gate = new LiteralSearch(gateSentinels)

function list(kind: Exclude<Sentinel, Matcher>, literals: string): readonly (readonly [string, Sentinel])[] {
  return literals.split(' ').map((literal) => [literal, kind] as const)
}
