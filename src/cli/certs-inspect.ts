import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { X509Certificate } from 'node:crypto'
import { authorityFile, certificateFile, readServed } from '../../certs/directory.ts'
import { CertificateError, factsOf, isSignedInOrder, readChain } from '../../certs/inspect.ts'
import { exitCodes } from './failure.ts'

/** Shows the certificates of a file, or of a directory and whether its key pair can serve. */
export async function inspect(path: string): Promise<number> {
  const now = new Date()
  const isDirectory = await stat(path).then(
    (found) => found.isDirectory(),
    () => {
      throw new CertificateError('D2_CERT_MISSING', `${path} does not exist`)
    },
  )
  if (!isDirectory) {
    show(await certificatesOf(path), now)
    return exitCodes.clean
  }
  const chain = await certificatesOf(join(path, certificateFile))
  show(chain, now)
  await readServed(path, now)
  process.stdout.write('\nthe private key belongs to the certificate\n')

  const authorities = await certificatesOf(join(path, authorityFile)).catch(() => [])
  const last = chain.at(-1)
  const signedBy = last && authorities.find((authority) => isSignedInOrder([last, authority]))
  if (authorities.length > 0 && !(signedBy && isSignedInOrder(chain)))
    throw new CertificateError('D2_CERT_CHAIN', `${join(path, authorityFile)} did not sign the certificate`)
  process.stdout.write(
    signedBy
      ? `the chain ends at ${factsOf(signedBy).subject} in ${authorityFile}\n`
      : `there is no ${authorityFile}\n`,
  )
  return exitCodes.clean
}

async function certificatesOf(path: string): Promise<X509Certificate[]> {
  const pem = await readFile(path, 'utf8').catch(() => {
    throw new CertificateError('D2_CERT_MISSING', `${path} cannot be read; day2 certs issue makes a certificate`)
  })
  try {
    return readChain(pem)
  } catch (error) {
    if (error instanceof CertificateError) throw new CertificateError(error.code, `${path}: ${error.message}`)
    throw error
  }
}

function show(certificates: readonly X509Certificate[], now: Date): void {
  for (const certificate of certificates) {
    const facts = factsOf(certificate)
    const days = Math.floor((facts.notAfter.getTime() - now.getTime()) / 86_400_000)
    process.stdout.write(`subject  ${facts.subject}
issuer   ${facts.issuer}
names    ${facts.names.join(', ') || 'none'}
key      ${facts.keyType}${facts.authority ? ', authority' : ''}
valid    ${facts.notBefore.toISOString()} to ${facts.notAfter.toISOString()} (${
      days < 0 ? `expired ${-days} days ago` : `${days} days left`
    })
`)
  }
}
