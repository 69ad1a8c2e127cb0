import type { Entry, Evidence, Text } from './evidence.ts'
import type { Hit } from './hit.ts'
import { isSound } from './sound-value.ts'
import type { Role } from './telling-names.ts'

/** Joins the parts of Azure credentials that have no structure of their own: service principals and storage keys. */
export function azurePairs(evidence: Evidence): readonly Hit[] {
  return [...servicePrincipals(evidence), ...storageKeys(evidence)]
}

// Client, tenant and secret, in one file or among the fields of the object. Older secrets have no recognisable shape, and
// fields of these names are also those of other identity providers: something must speak of Azure.
function servicePrincipals({ entries, texts }: Evidence): readonly Hit[] {
  const places = new Map<string, Entry[]>()
  for (const entry of entries) {
    const place = entry.whole ? '' : entry.path
    const group = places.get(place)
    if (group) group.push(entry)
    else places.set(place, [entry])
  }
  return [...places].flatMap(([place, group]) => {
    const ids = new Set<Role>(group.flatMap(({ name, value }) => (isSound(name.role, value) ? name.role : [])))
    if (!ids.has('tenant-id') || !(ids.has('client-id') || ids.has('app-id'))) return []
    const secrets = group
      .filter(({ name }) => name.role === 'client-secret' || (name.role === 'client-password' && ids.has('app-id')))
      .filter(({ name, value }) => isSound(name.role, value))
    if (secrets.length === 0) return []
    const known = place !== '' || group.some(({ name }) => name.explicit) || texts.some(speaksOfAzure)
    return secrets.map(({ path, line }) => hit(path, line, known ? 'certain' : 'possible', 'azure-service-principal'))
  })
}

function speaksOfAzure({ key, value }: Text): boolean {
  return azureKey.test(key) || azureValue.test(value)
}

// Names beside a service principal in the Secrets of cluster-autoscaler, external-dns and the like.
const azureKey = /azure|entra|^(?:arm|aad)[-_]|subscription[-_]?id|resource[-_]?group|^vm[-_]?type$/i
const azureValue = /azure|microsoftonline\./i

// Keys made before they carried a signature: 64 random bytes, told by their name and the account beside it.
function storageKeys({ entries, context }: Evidence): readonly Hit[] {
  if (context.storageAccount === 'emulated') return []
  return entries
    .filter(({ name, value }) => name.role === 'storage-key' && isSound(name.role, value))
    .map(({ path, line }) => {
      return hit(path, line, context.storageAccount === 'named' ? 'likely' : 'possible', 'azure-storage-account-key')
    })
}

function hit(path: string, line: number | undefined, level: Hit['level'], detector: string): Hit {
  return { path, level, cloud: 'Azure', detector, ...(line === undefined ? {} : { line }) }
}
