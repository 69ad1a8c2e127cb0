import type { Field } from './hit.ts'
import { isTemplated } from './placeholder.ts'
import { tellingName } from './telling-names.ts'

/**
 * True for the endpoint of a store that is not Amazon's, or not known yet: MinIO, Ceph and many others are given the names
 * of AWS.
 */
export function isForeignStore(endpoint: string): boolean {
  return isTemplated(endpoint) || (endpoint !== '' && !amazonHost.test(endpoint))
}

/** True if one of the fields is the endpoint of such a store. */
export function namesForeignStore(fields: readonly Field[]): boolean {
  return fields.some(({ key, text }) => tellingName(key)?.role === 's3-endpoint' && isForeignStore(text.trim()))
}

const amazonHost =
  /^(?:[a-z0-9]+:\/\/)?(?:[\w.-]+\.)?(?:amazonaws\.(?:com|com\.cn|eu)|api\.aws|on\.aws|api\.amazonwebservices\.com\.cn|c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)(?::\d+)?(?:\/.*)?$/i
