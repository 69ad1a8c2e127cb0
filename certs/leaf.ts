import { isIP } from 'node:net'
import forge from 'node-forge'
import type { Authority } from './authority.ts'
import { generatePrivateKey } from './keys.ts'
import { draft, readRsaKey, sign, type Validity } from './sign.ts'

/** A serving certificate: PEM of the certificate and of its private key. */
export interface Leaf {
  readonly certificate: string
  readonly key: string
}

export interface LeafRequest extends Validity {
  /** DNS names, the first of which becomes the common name. At least one. */
  readonly names: readonly string[]
  readonly ips?: readonly string[]
}

/** A name or address that no certificate can carry. */
export class CertificateNameError extends Error {
  readonly code = 'D2_CERT_NAME'
}

/** Issues a serving certificate. The API server verifies the subject alternative names, never the common name. */
export async function issueLeaf(authority: Authority, request: LeafRequest): Promise<Leaf> {
  const [commonName = ''] = request.names
  for (const name of request.names) if (!dnsName.test(name)) throw invalid(name, 'is no DNS name')
  for (const ip of request.ips ?? []) if (isIP(ip) === 0) throw invalid(ip, 'is no IP address')

  const key = await generatePrivateKey()
  const signingKey = readRsaKey(authority.key)
  // X.509 limits the common name to 64 characters; a longer service name lives in the alternative names alone.
  const certificate = draft(readRsaKey(key), commonName.slice(0, 64), request)
  certificate.setIssuer([{ name: 'commonName', value: authority.commonName }])
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: false },
    { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectAltName', altNames: alternativeNames(request) },
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: keyIdentifier(authority) },
  ])
  return { certificate: sign(certificate, signingKey), key }
}

const dnsName = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/

function alternativeNames({ names, ips = [] }: LeafRequest): object[] {
  return [...names.map((value) => ({ type: 2, value })), ...ips.map((ip) => ({ type: 7, ip }))]
}

function keyIdentifier(authority: Authority): string {
  return forge.pki.certificateFromPem(authority.certificate).generateSubjectKeyIdentifier().getBytes()
}

function invalid(name: string, why: string): CertificateNameError {
  return new CertificateNameError(`"${name.slice(0, 80)}" ${why}, so no certificate can be issued for it`)
}
