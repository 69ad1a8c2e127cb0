import { findSecretAccessKey } from './aws.ts'
import type { Evidence, Text } from './evidence.ts'
import type { Hit, Level } from './hit.ts'
import { isSound } from './sound-value.ts'
import type { Role } from './telling-names.ts'

export interface AwsPairs {
  readonly hits: readonly Hit[]
  /** Paths whose telling names need no further word. */
  readonly explained: ReadonlySet<string>
}

/**
 * Joins AWS key ids with the secrets among the fields of one object. A secret access key has no structure of its own, so
 * it counts beside an id or under its exact name; under its name alone, with the endpoint of another store, it is that
 * store's. No other store hands out the ids of Amazon.
 */
export function awsPairs(evidence: Evidence, canaries: ReadonlySet<string>, exposed: boolean): AwsPairs {
  const bait = ({ account }: Hit) => account !== undefined && canaries.has(account)
  const ids = evidence.halves.filter(({ half }) => half.of === 'aws')
  const real = ids.filter(({ hit }) => !bait(hit))
  const found = evidence.hits.filter((hit) => hit.cloud === 'AWS' && !bait(hit))
  const { foreignStore, emulatedAws } = evidence.context
  const secrets = ids.length > 0 ? secretPaths(evidence, new Set(ids.map(({ hit }) => hit.path))) : new Set<string>()
  const hits = [...found]
  for (const { hit, half } of real) {
    const alone: Level = exposed || half.fresh ? 'likely' : 'possible'
    hits.push({ ...hit, level: secrets.size > 0 ? 'certain' : alone })
  }
  if (real.length > 0) {
    for (const path of secrets) hits.push({ path, level: 'certain', cloud: 'AWS', detector: 'aws-secret-key' })
  }
  // Bait, the rest of a temporary key, and the keys of another store or of an emulator are not worth a second word.
  const quiet =
    foreignStore ||
    emulatedAws ||
    (ids.length > 0 && real.length === 0) ||
    found.some(({ detector }) => detector === 'aws-temporary-key')
  if (quiet)
    return {
      hits,
      explained: new Set(evidence.entries.flatMap(({ name, path }) => (name.cloud === 'AWS' ? path : []))),
    }
  return { hits: [...hits, ...namedSecrets(evidence, secrets)], explained: secrets }
}

/**
 * Where the secret half lies: beside its id or under its exact name; else under a name that speaks of a secret; else
 * anywhere. An unrelated random value is taken for a secret only where nothing better is at hand.
 */
export function secretPaths(evidence: Evidence, idPaths: ReadonlySet<string>): ReadonlySet<string> {
  const candidates = evidence.texts.filter(({ value }) => findSecretAccessKey(unescaped(value)) >= 0)
  const exact = new Set(
    evidence.entries.flatMap(({ name, path, value }) =>
      name.role === 'aws-secret' && isSound(name.role, value) ? path : [],
    ),
  )
  const near = candidates.filter(({ path }) => idPaths.has(path) || exact.has(path))
  const spoken = candidates.filter(({ key }) => /secret|access/i.test(key))
  return new Set([near, spoken, candidates].find((tier) => tier.length > 0)?.map(({ path }: Text) => path) ?? [])
}

// JSON may escape a slash, and URLs escape both special characters.
function unescaped(text: string): string {
  if (!text.includes('\\/') && !/%2[BF]/i.test(text)) return text
  return text.replaceAll('\\/', '/').replace(/%2B/gi, '+').replace(/%2F/gi, '/')
}

function namedSecrets(evidence: Evidence, paired: ReadonlySet<string>): readonly Hit[] {
  const hits = new Map<string, Hit>()
  for (const { name, path, value, line } of evidence.entries) {
    if (name.cloud !== 'AWS' || paired.has(path) || hits.has(path) || evidence.foreignFiles.has(path)) continue
    const detector = detectorOf(name.role, value)
    if (detector)
      hits.set(path, { path, level: 'possible', cloud: 'AWS', detector, ...(line === undefined ? {} : { line }) })
  }
  return [...hits.values()]
}

function detectorOf(role: Role, value: string): string | undefined {
  const detector = detectors.get(role)
  return detector !== undefined && isSound(role, value) ? detector : undefined
}

const detectors: ReadonlyMap<Role, string> = new Map([
  ['aws-secret', 'aws-secret-key'],
  ['aws-token', 'aws-session-token'],
])
