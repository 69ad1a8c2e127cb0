import { randomBytes } from 'node:crypto'
import forge from 'node-forge'

export interface Validity {
  readonly now: Date
  /** Days from now until the certificate ends. */
  readonly days: number
}

type Certificate = forge.pki.Certificate
type PrivateKey = forge.pki.rsa.PrivateKey

/** Reads a private key that `generatePrivateKey` made. */
export function readRsaKey(pem: string): PrivateKey {
  return forge.pki.privateKeyFromPem(pem)
}

/** A certificate with what every one of ours has: a random serial, its dates and the public half of the key. */
export function draft(key: PrivateKey, commonName: string, { now, days }: Validity): Certificate {
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = forge.pki.setRsaPublicKey(key.n, key.e)
  certificate.serialNumber = serialNumber()
  certificate.validity.notBefore = new Date(now.getTime() - backDated)
  certificate.validity.notAfter = new Date(now.getTime() + days * day)
  certificate.setSubject([{ name: 'commonName', value: commonName }])
  return certificate
}

/** Signs with SHA-256 (forge would take SHA-1) and returns PEM. */
export function sign(certificate: Certificate, key: PrivateKey): string {
  certificate.sign(key, forge.md.sha256.create())
  return forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n')
}

const day = 86_400_000
// The clocks of an API server and of the machine that issues may differ; an hour covers what NTP lets through.
const backDated = 3_600_000

// DER wants the shortest form of a positive number: the top bit clear, and the first byte not zero. A serial that begins
// with 00 is one that OpenSSL refuses ("illegal padding").
function serialNumber(): string {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes.toString('hex')
}
