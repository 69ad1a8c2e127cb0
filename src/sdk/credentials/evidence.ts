import type { Half, Hit, Match } from './hit.ts'
import { isForeignStore } from './store-endpoint.ts'
import { isSound } from './sound-value.ts'
import type { Role, TellingName } from './telling-names.ts'

/** A value with a telling name: a field of the object, or a line or member of a file in it. */
export interface Entry {
  readonly name: TellingName
  readonly path: string
  readonly value: string
  /** Counted from 1; undefined for values of one line. */
  readonly line: number | undefined
  /** The entry is a field of the object, not a part of one. */
  readonly whole: boolean
}

/** All that the fields of one object say, before their parts are put together. */
export interface Evidence {
  /** What is certain of a text by itself. */
  readonly hits: Hit[]
  /** Public halves of pairs. */
  readonly halves: { readonly hit: Hit; readonly half: Half }[]
  /**
   * Fields with telling names; and of what lies under such names in a file, and has the size of what they name, the
   * first of each role and the first that is sound: a file may hold any number, and more say nothing new.
   */
  readonly entries: Entry[]
  /** The roles that the files have in `entries`: by path, then true where a sound value is among them. */
  readonly roles: Map<string, Map<Role, boolean>>
  /** Decoded texts, in which the secret half of a pair is looked for. */
  readonly texts: Text[]
  /** Paths of documents that are known to hold no key, such as workload identity federation. */
  readonly harmless: Set<string>
  /** Paths of files that name the endpoint of a store beside its keys. */
  readonly foreignFiles: Set<string>
  readonly context: Context
}

/** What the object says of its surroundings. */
export interface Context {
  /** Names the endpoint of an S3 that is not Amazon's. */
  foreignStore: boolean
  /** Holds a key id of LocalStack. */
  emulatedAws: boolean
  /** Names an Azure storage account, or the one of the emulator. */
  storageAccount: 'none' | 'named' | 'emulated'
  /** Names a Google service account. */
  serviceAccount: boolean
}

export interface Text {
  readonly path: string
  readonly key: string
  readonly value: string
}

export function emptyEvidence(): Evidence {
  return {
    hits: [],
    halves: [],
    entries: [],
    roles: new Map(),
    texts: [],
    harmless: new Set(),
    foreignFiles: new Set(),
    context: { foreignStore: false, emulatedAws: false, storageAccount: 'none', serviceAccount: false },
  }
}

/** Takes down a value with a telling name, or what it says of the surroundings. */
export function enter(evidence: Evidence, entry: Entry): void {
  const { context, entries, foreignFiles } = evidence
  const { name, value } = entry
  if (name.role === 's3-endpoint' || name.role === 'endpoint') {
    const foreign = isForeignStore(value)
    if (name.role === 's3-endpoint') context.foreignStore ||= foreign
    else if (foreign && !entry.whole) foreignFiles.add(entry.path)
    return
  }
  if (name.role === 'storage-account') {
    if (context.storageAccount !== 'emulated')
      context.storageAccount = value === 'devstoreaccount1' ? 'emulated' : 'named'
    return
  }
  if (name.role === 'google-email') {
    context.serviceAccount ||= value.endsWith('.gserviceaccount.com')
    return
  }
  if (name.role === 'aws-id') context.emulatedAws ||= /^L[KS]IA[A-Z0-9]{16}$/.test(value)
  if (entry.whole || addsToFile(evidence, entry)) entries.push(entry)
}

function addsToFile({ roles }: Evidence, { name: { role, least, most }, path, value }: Entry): boolean {
  if (value.length < least || value.length > most) return false
  const known = roles.get(path) ?? new Map<Role, boolean>()
  const before = known.get(role)
  if (before === true) return false
  const sound = isSound(role, value)
  if (before === sound) return false
  known.set(role, sound)
  roles.set(path, known)
  return true
}

/** Takes down a token: as a hit, or as the half of a pair. */
export function note(evidence: Evidence, { half, ...match }: Match, path: string, line: number | undefined): void {
  const hit: Hit = { ...match, path, ...(line === undefined ? {} : { line }) }
  if (half) evidence.halves.push({ hit, half })
  else evidence.hits.push(hit)
}
