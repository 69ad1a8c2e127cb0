import { generateKeyPairSync } from 'node:crypto'
import type { Authority } from '../../certs/authority.ts'
import type { Leaf } from '../../certs/leaf.ts'
import { draft, readRsaKey, sign } from '../../certs/sign.ts'

/** A serving certificate in order, but for its key: OpenSSL serves none of 512 bits. */
export function weakLeaf(authority: Authority): Leaf {
  const { privateKey: key } = generateKeyPairSync('rsa', {
    modulusLength: 512,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const certificate = draft(readRsaKey(key), 'localhost', { now: new Date(), days: 1 })
  certificate.setIssuer([{ name: 'commonName', value: authority.commonName }])
  certificate.setExtensions([{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }])
  return { certificate: sign(certificate, readRsaKey(authority.key)), key }
}
