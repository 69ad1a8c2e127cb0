import { secretPaths } from './aws-pairs.ts'
import type { Evidence } from './evidence.ts'
import { isPrivateKey } from './google.ts'
import type { Hit } from './hit.ts'

/** Joins Google HMAC ids with their secrets, and the e-mail of a service account with a private key in another field. */
export function googlePairs(evidence: Evidence): readonly Hit[] {
  return [...hmacKeys(evidence), ...splitKeys(evidence)]
}

function hmacKeys(evidence: Evidence): readonly Hit[] {
  const ids = evidence.halves.filter(({ half }) => half.of === 'google').map(({ hit }) => hit)
  if (ids.length === 0) return []
  const secrets = secretPaths(evidence, new Set(ids.map(({ path }) => path)))
  if (secrets.size === 0) return ids
  return [
    ...ids.map((id): Hit => ({ ...id, level: 'certain' })),
    ...[...secrets].map((path): Hit => ({
      path,
      level: 'certain',
      cloud: 'Google Cloud',
      detector: 'gcp-hmac-secret',
    })),
  ]
}

function splitKeys({ entries, context }: Evidence): readonly Hit[] {
  if (!context.serviceAccount) return []
  return entries
    .filter(({ name, whole, value }) => name.role === 'google-key' && whole && isPrivateKey(value))
    .map(({ path }) => ({ path, level: 'certain', cloud: 'Google Cloud', detector: 'gcp-service-account-key' }))
}
