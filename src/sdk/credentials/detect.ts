import { awsPairs } from './aws-pairs.ts'
import { knownCanaryAccounts } from './aws.ts'
import { azurePairs } from './azure-pairs.ts'
import { isEmulatorKey } from './azure-keys.ts'
import { customDetectors } from './custom.ts'
import type { Evidence } from './evidence.ts'
import { gather } from './gather.ts'
import { googlePairs } from './google-pairs.ts'
import type { Field, Hit, Level } from './hit.ts'
import { otherClouds } from './other-clouds.ts'
import { isPath, isPlaceholder, isReference } from './placeholder.ts'

export interface DetectOptions {
  /** AWS accounts whose keys are bait, besides the known ones: nothing is said of them. */
  readonly canaryAccounts?: readonly string[]
  /** Detectors of the platform's own, each as `id=pattern`. */
  readonly extraDetectors?: readonly string[]
  /** Looks for credentials of other clouds too. */
  readonly otherClouds?: boolean
  /** Whoever may view the namespace can read the object (a ConfigMap): a lone key id counts more. */
  readonly exposed?: boolean
}

const none: readonly string[] = []

/**
 * Finds the credentials of AWS, Google Cloud and Azure in the fields of one object (in a pod: of one container). Halves
 * that belong together are found wherever they lie among the fields. At most one hit for each field and cloud, the
 * surest, in the order of the fields. Pure, synchronous, linear in the size of the text. A hit holds no character of a
 * value.
 */
export function detectCredentials(fields: Iterable<Field>, options: DetectOptions = {}): readonly Hit[] {
  const canaries = canariesOf(options.canaryAccounts ?? none)
  const evidence = gather(fields, { custom: customDetectors(options.extraDetectors ?? none), canaries })
  const more = options.otherClouds ? otherClouds(evidence) : []
  if (more.length + evidence.hits.length + evidence.halves.length + evidence.entries.length === 0) return []
  const aws = awsPairs(evidence, canaries, options.exposed ?? false)
  const others = evidence.hits.filter(({ cloud }) => cloud !== 'AWS')
  const hits = [...aws.hits, ...others, ...googlePairs(evidence), ...azurePairs(evidence), ...more]
  return strongest([...hits, ...names(evidence, hits, aws.explained)], evidence)
}

// The settings hand over the same list for every object.
function canariesOf(accounts: readonly string[]): ReadonlySet<string> {
  const known = canarySets.get(accounts) ?? new Set([...knownCanaryAccounts, ...accounts])
  canarySets.set(accounts, known)
  return known
}

const canarySets = new WeakMap<readonly string[], ReadonlySet<string>>()

// Names that tell of a credential over a value that nothing recognised.
function names(evidence: Evidence, hits: readonly Hit[], explained: ReadonlySet<string>): readonly Hit[] {
  const known = new Set([...hits.map(({ path }) => path), ...explained, ...evidence.harmless])
  return evidence.entries
    .filter(({ name, whole, path, value }) => name.telling && whole && !known.has(path) && !standsForAnother(value))
    .map(({ path, name: { cloud, role } }) => {
      return { path, level: 'name', cloud, detector: `${role === 'other' ? 'credential' : role}-name` }
    })
}

function standsForAnother(value: string): boolean {
  return (
    isPlaceholder(value) ||
    isReference(value) ||
    isPath(value) ||
    isEmulatorKey(value) ||
    /UseDevelopment(?:Storage|Emulator)=true|AccountName=devstoreaccount1/i.test(value)
  )
}

const rank: { readonly [L in Level]: number } = { certain: 0, likely: 1, possible: 2, name: 3 }

function strongest(hits: readonly Hit[], { texts }: Evidence): readonly Hit[] {
  const best = new Map<string, Hit>()
  for (const hit of hits) {
    const place = `${hit.path} ${hit.cloud}`
    const other = best.get(place)
    if (!other || rank[hit.level] < rank[other.level]) best.set(place, hit)
  }
  const order = new Map<string, number>()
  for (const { path } of texts) if (!order.has(path)) order.set(path, order.size)
  return [...best.values()].sort((a, b) => (order.get(a.path) ?? 0) - (order.get(b.path) ?? 0))
}
