import { createHash } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CertificateError, readChain, readKeyPair, type KeyPair } from './inspect.ts'

/** The names of a Secret of type kubernetes.io/tls, and of what cert-manager writes. */
export const certificateFile = 'tls.crt'
export const keyFile = 'tls.key'
export const authorityFile = 'ca.crt'

/** What a directory holds, with a hash that changes with its content and with nothing else. */
export interface Served extends KeyPair {
  readonly hash: string
  /** When the first authority of `ca.crt` ends, if the file is there. */
  readonly authorityNotAfter?: Date
}

/** The hash of the files as they are, without looking into them. Throws CertificateError if one is missing. */
export async function contentHash(directory: string): Promise<string> {
  return (await readFiles(directory)).hash
}

/** Reads and validates what `serve` needs. Throws CertificateError with one sentence that names the file. */
export async function readServed(directory: string, now: Date): Promise<Served> {
  const { cert, key, authority, hash } = await readFiles(directory)
  const pair = placed(join(directory, certificateFile), () => readKeyPair(cert, key, now))
  const authorityNotAfter = authority === undefined ? undefined : endOfAuthority(authority)
  return { ...pair, hash, ...(authorityNotAfter ? { authorityNotAfter } : {}) }
}

/**
 * Writes files so that none is ever half there: each under another name first, then all renamed. Existing files are
 * replaced only with `force`; else the first one found is named in the error and nothing is written.
 */
export async function writeFiles(
  directory: string,
  files: ReadonlyMap<string, { readonly content: string; readonly mode: number }>,
  force: boolean,
): Promise<void> {
  await mkdir(directory, { recursive: true }).catch((error: unknown) => {
    throw cannotWrite(directory, error)
  })
  if (!force) for (const name of files.keys()) await refuseExisting(join(directory, name))
  const written: { temporary: string; final: string }[] = []
  try {
    for (const [name, { content, mode }] of files) {
      const temporary = join(directory, `.${name}.${process.pid}`)
      written.push({ temporary, final: join(directory, name) })
      await writeDurably(temporary, content, mode)
    }
    for (const { temporary, final } of written) await rename(temporary, final)
  } catch (error) {
    throw cannotWrite(directory, error)
  } finally {
    for (const { temporary } of written) await rm(temporary, { force: true })
  }
}

async function writeDurably(path: string, content: string, mode: number): Promise<void> {
  await rm(path, { force: true })
  // `wx`: never write a private key through a link or into a file that somebody else made.
  const file = await open(path, 'wx', mode)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}

function cannotWrite(directory: string, error: unknown): CertificateError {
  return new CertificateError('D2_CERT_WRITE', `${directory} cannot be written (${systemCode(error)})`)
}

async function refuseExisting(path: string): Promise<void> {
  if ((await readOptional(path)) !== undefined)
    throw new CertificateError('D2_CERT_EXISTS', `${path} exists already; --force replaces it`)
}

async function readFiles(directory: string) {
  // One after the other: of several that are missing, the same one is named each time.
  const cert = await readRequired(join(directory, certificateFile))
  const key = await readRequired(join(directory, keyFile))
  const authority = await readOptional(join(directory, authorityFile))
  const hash = createHash('sha256')
    .update(JSON.stringify([cert, key, authority ?? null]))
    .digest('hex')
  return { cert, key, authority, hash }
}

async function readRequired(path: string): Promise<string> {
  const content = await readOptional(path)
  if (content !== undefined) return content
  throw new CertificateError('D2_CERT_MISSING', `${path} is missing; day2 certs issue makes one`)
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new CertificateError('D2_CERT_UNREADABLE', `${path} cannot be read (${code})`)
  }
}

// Serving does not need ca.crt, and some issuers leave it empty: what cannot be read has no end to report.
function endOfAuthority(pem: string): Date | undefined {
  try {
    const [first] = readChain(pem)
    return first && new Date(first.validTo)
  } catch {
    return undefined
  }
}

function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
}

function placed<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof CertificateError) throw new CertificateError(error.code, `${path}: ${error.message}`)
    throw error
  }
}
