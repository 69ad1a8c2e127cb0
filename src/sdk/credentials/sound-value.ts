import { isSecretAccessKey, isSessionToken } from './aws.ts'
import { isEmulatorKey } from './azure-keys.ts'
import { entropy, invented } from './characters.ts'
import { isPlaceholder, isReference } from './placeholder.ts'
import type { Role } from './telling-names.ts'

/** True for a value that can be the part of a credential that its name says it is. */
export function isSound(role: Role, value: string): boolean {
  switch (role) {
    case 'aws-secret':
      return isSecretAccessKey(value)
    case 'aws-token':
      return isSessionToken(value)
    case 'app-id':
    case 'client-id':
    case 'tenant-id':
      return isIdentifier(value)
    case 'client-secret':
    case 'client-password':
      return isSecret(value)
    case 'storage-key':
      return isStorageKey(value)
    default:
      return false
  }
}

// Entra ids are GUIDs; the one of zeros is nobody's.
function isIdentifier(value: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value) && !/^[0-]+$/.test(value)
}

function isSecret(value: string): boolean {
  if (value.length < 16 || value.length > 64 || entropy(value) < 3 || invented(value) || /\s/.test(value)) return false
  return !isPlaceholder(value) && !isReference(value)
}

function isStorageKey(value: string): boolean {
  return /^[A-Za-z0-9+/]{86}==$/.test(value) && entropy(value) >= 4.5 && !invented(value) && !isEmulatorKey(value)
}
