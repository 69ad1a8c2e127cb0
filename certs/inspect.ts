import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { createSecureContext } from 'node:tls'

/** What a certificate says of itself. Read by OpenSSL, because users bring EC keys, which node-forge cannot read. */
export interface CertificateFacts {
  readonly subject: string
  readonly issuer: string
  /** Subject alternative names as `DNS:…` and `IP:…`. */
  readonly names: readonly string[]
  readonly notBefore: Date
  readonly notAfter: Date
  /** For example `rsa` or `ec`. */
  readonly keyType: string
  readonly authority: boolean
  readonly fingerprint: string
}

/** A serving certificate with its key, fit to serve. `chain` begins with the leaf. */
export interface KeyPair {
  readonly cert: string
  readonly key: string
  readonly leaf: CertificateFacts
  readonly chain: readonly CertificateFacts[]
}

/** A certificate or key that cannot serve. `what` is one sentence without file names. */
export class CertificateError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** Reads every certificate of a PEM text, in order. Throws CertificateError where there is none or one is broken. */
export function readChain(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
  if (!blocks) throw new CertificateError('D2_CERT_UNREADABLE', 'it holds no PEM certificate')
  return blocks.map((block) => {
    try {
      return new X509Certificate(block)
    } catch {
      throw new CertificateError('D2_CERT_UNREADABLE', 'it holds a certificate that cannot be decoded')
    }
  })
}

/** The facts of one certificate. */
export function factsOf(certificate: X509Certificate): CertificateFacts {
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    names: alternativeNames(certificate),
    notBefore: new Date(certificate.validFrom),
    notAfter: new Date(certificate.validTo),
    keyType: certificate.publicKey.asymmetricKeyType ?? 'unknown',
    authority: certificate.ca,
    fingerprint: certificate.fingerprint256,
  }
}

/** Validates a certificate and key as one that the API server can be served with now; throws CertificateError. */
export function readKeyPair(cert: string, key: string, now: Date): KeyPair {
  const certificates = readChain(cert)
  const [first] = certificates
  if (!first) throw new CertificateError('D2_CERT_UNREADABLE', 'it holds no PEM certificate')
  const leaf = factsOf(first)
  if (!first.checkPrivateKey(readKey(key)))
    throw new CertificateError('D2_CERT_KEY_MISMATCH', 'the private key belongs to another certificate')
  if (leaf.names.length === 0)
    throw new CertificateError(
      'D2_CERT_NO_SAN',
      'the certificate has no subject alternative name, which the API server demands',
    )
  if (!servesClients(first))
    throw new CertificateError(
      'D2_CERT_USAGE',
      'the certificate is not for servers (its extended key usage lacks serverAuth)',
    )
  if (leaf.notAfter < now)
    throw new CertificateError('D2_CERT_EXPIRED', `the certificate expired on ${leaf.notAfter.toISOString()}`)
  if (leaf.notBefore > now)
    throw new CertificateError('D2_CERT_NOT_YET_VALID', `the certificate is valid from ${leaf.notBefore.toISOString()}`)
  refuseUnservable(cert, key)
  return { cert, key, leaf, chain: certificates.map(factsOf) }
}

/** Whether each certificate of a chain, and an authority after it, signed the one before. */
export function isSignedInOrder(certificates: readonly X509Certificate[]): boolean {
  return certificates.every((certificate, index) => {
    const issuer = certificates[index + 1]
    return !issuer || (certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey))
  })
}

// TLS has demands of its own, on the length of keys and on signatures, and they differ between builds of OpenSSL.
function refuseUnservable(cert: string, key: string): void {
  try {
    createSecureContext({ cert, key })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    const weak = /KEY_TOO_SMALL|MD_TOO_WEAK/.test(code)
    throw new CertificateError(
      weak ? 'D2_CERT_WEAK' : 'D2_CERT_TLS',
      weak
        ? `its key or signature is too weak for TLS (${code}); issue it with RSA of 2048 bits or ECDSA P-256, and SHA-256`
        : `TLS cannot be served with it (${code}); issue it anew, for example with day2 certs issue`,
    )
  }
}

// X509Certificate calls the extended key usage keyUsage; without the extension every purpose is allowed.
function servesClients({ keyUsage }: X509Certificate): boolean {
  // Typed as always present, yet undefined where the certificate has no such extension.
  const purposes = keyUsage as readonly string[] | undefined
  return !purposes || purposes.includes('1.3.6.1.5.5.7.3.1') || purposes.includes('2.5.29.37.0')
}

function readKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch {
    throw new CertificateError('D2_CERT_KEY_UNREADABLE', 'the private key is no unencrypted PEM key')
  }
}

// Node writes `DNS:a, IP Address:::1`; names with odd characters it quotes as JSON, so no comma can hide in them.
function alternativeNames(certificate: X509Certificate): string[] {
  const names = certificate.subjectAltName?.split(/, (?=[A-Z][A-Za-z ]*:)/) ?? []
  return names.map((name) => name.replace(/^IP Address:/, 'IP:'))
}

function oneLine(distinguishedName: string): string {
  return distinguishedName.split('\n').join(', ')
}
