import { decodeBase64, decodeNested, isBinary } from './decode.ts'
import { visitDocuments } from './documents.ts'
import { visitLines } from './entries.ts'
import { findTokens, passes } from './gate.ts'
import type { Field, Half, Hit, Match } from './hit.ts'
import { isCiphertext, isTemplated } from './placeholder.ts'
import { tellingName } from './telling-names.ts'
import type { TellingName } from './telling-names.ts'

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
  /** Fields with telling names, and what lies under such names in files if it has the size of what they name. */
  readonly entries: Entry[]
  /** Decoded texts, in which the secret half of a pair is looked for. */
  readonly texts: Text[]
  /** Paths of documents that are known to hold no key, such as workload identity federation. */
  readonly harmless: Set<string>
  readonly context: Context
}

/** What the object says of its surroundings. */
export interface Context {
  /** Names the endpoint of an S3 that is not Amazon's: MinIO, Ceph, R2 and many others are given the names of AWS. */
  store: 'amazon' | 'other' | 'unknown'
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

/** Reads every field once. Values that cannot be decoded, and SOPS ciphertext, say nothing. */
export function gather(fields: Iterable<Field>): Evidence {
  const evidence: Evidence = {
    hits: [],
    halves: [],
    entries: [],
    texts: [],
    harmless: new Set(),
    context: { store: 'amazon', emulatedAws: false, storageAccount: 'none', serviceAccount: false },
  }
  for (const { path, key, text, encoding } of fields) {
    if (isCiphertext(text)) continue
    const value = encoding === 'base64' ? decodeBase64(text) : text
    if (value === undefined || isCiphertext(value)) continue
    const name = tellingName(key)
    if (name) enter(evidence, { name, path, value: value.trim(), line: undefined, whole: true })
    read(evidence, { path, key, value }, encoding === 'base64' ? 1 : 0)
  }
  return evidence
}

// Base64 is decoded twice at most: by the API server's encoding, and by that of whoever wrote the value.
const deepest = 2

function read(evidence: Evidence, text: Text, depth: number): void {
  evidence.texts.push(text)
  if (!passes(text.value)) readTokens(evidence, text, depth)
  const inner = depth < deepest ? decodeNested(text.value) : undefined
  if (inner !== undefined) read(evidence, { ...text, value: inner }, depth + 1)
}

function readTokens(evidence: Evidence, text: Text, depth: number): void {
  if (isBinary(text.value)) return
  const { path, value } = text
  const seen = new Set<string>()
  const gated = findTokens(value, (match, at) => {
    // One finding for each kind of credential in a value; ids of several accounts are several.
    const identity = `${match.detector} ${match.account ?? ''} ${match.level}`
    if (seen.has(identity)) return
    seen.add(identity)
    note(evidence, match, path, lineOf(value, at))
  })
  if ((gated.documents || gated.names) && !readDocuments(evidence, text, depth)) {
    const single = value.indexOf('\n') < 0
    visitLines(value, (name, inner, line) => {
      enter(evidence, { name, path, value: inner, line: single ? undefined : line, whole: false })
    })
  }
  for (const run of gated.nested) {
    const inner = depth < deepest ? decodeBase64(run) : undefined
    if (inner !== undefined) read(evidence, { ...text, value: inner }, depth + 1)
  }
}

// True where the text is JSON as a whole, and nothing is left to read in it.
function readDocuments(evidence: Evidence, { path, key, value }: Text, depth: number): boolean {
  return visitDocuments(value, {
    verdict(verdict) {
      if (verdict === 'harmless') evidence.harmless.add(path)
      else
        note(
          evidence,
          { ...verdict, cloud: 'Google Cloud' },
          path,
          lineOf(value, value.search(/private_key\\*"|refresh_token/)),
        )
    },
    entry: (name, inner) => {
      enter(evidence, { name, path, value: inner, line: undefined, whole: false })
    },
    nested: (inner) => {
      if (depth < deepest) read(evidence, { path, key, value: inner }, depth + 1)
    },
  })
}

function enter({ context, entries }: Evidence, entry: Entry): void {
  const { name, value } = entry
  switch (name.role) {
    case 's3-endpoint':
      if (isTemplated(value)) context.store = context.store === 'other' ? 'other' : 'unknown'
      else if (value !== '' && !amazonHost.test(value)) context.store = 'other'
      return
    case 'storage-account':
      if (context.storageAccount !== 'emulated')
        context.storageAccount = value === 'devstoreaccount1' ? 'emulated' : 'named'
      return
    case 'google-email':
      context.serviceAccount ||= value.endsWith('.gserviceaccount.com')
      return
    case 'aws-id':
      context.emulatedAws ||= /^L[KS]IA[A-Z0-9]{16}$/.test(value)
  }
  // Only sound values can be part of a credential, and a file may hold any number of others.
  if (entry.whole || (value.length >= name.least && value.length <= name.most)) entries.push(entry)
}

const amazonHost =
  /^(?:[a-z0-9]+:\/\/)?(?:[\w.-]+\.)?(?:amazonaws\.(?:com|com\.cn|eu)|api\.aws|on\.aws|api\.amazonwebservices\.com\.cn|c2s\.ic\.gov|sc2s\.sgov\.gov)(?::\d+)?(?:\/.*)?$/i

function note(evidence: Evidence, { half, ...match }: Match, path: string, line: number | undefined): void {
  const hit: Hit = { ...match, path, ...(line === undefined ? {} : { line }) }
  if (half) evidence.halves.push({ hit, half })
  else evidence.hits.push(hit)
}

function lineOf(text: string, at: number): number | undefined {
  const first = text.indexOf('\n')
  if (first < 0 || first === text.length - 1 || at < 0) return undefined
  let line = 1
  for (let i = first; i >= 0 && i < at; i = text.indexOf('\n', i + 1)) line++
  return line
}
