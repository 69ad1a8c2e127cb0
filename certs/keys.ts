import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'

/** A new RSA key of 2048 bits as PKCS#8 PEM. Made off the main thread: node-forge would block it for a second. */
export async function generatePrivateKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  return privateKey
}
