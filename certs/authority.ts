import { generatePrivateKey } from './keys.ts'
import { draft, readRsaKey, sign, type Validity } from './sign.ts'

/** A certificate authority: PEM of its certificate and of its private key. */
export interface Authority {
  readonly certificate: string
  readonly key: string
  readonly commonName: string
}

/** Makes an authority that may sign leaf certificates only (path length 0). */
export async function createAuthority(commonName: string, validity: Validity): Promise<Authority> {
  const key = await generatePrivateKey()
  const privateKey = readRsaKey(key)
  const certificate = draft(privateKey, commonName, validity)
  certificate.setIssuer([{ name: 'commonName', value: commonName }])
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    { name: 'subjectKeyIdentifier' },
  ])
  return { certificate: sign(certificate, privateKey), key, commonName }
}
