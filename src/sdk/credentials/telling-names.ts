import type { Cloud } from './hit.ts'
import { classOf, WordTable } from './word-table.ts'

/** What a name says that its value is. */
export type Role = keyof typeof lengths

export interface TellingName {
  readonly role: Role
  readonly cloud: Cloud
  /** The name says which cloud it is of: `AZURE_CLIENT_ID`, where `clientId` does not. */
  readonly explicit: boolean
  /** The name alone is worth a finding. */
  readonly telling: boolean
  /** Shortest and longest value that can be what the name says. */
  readonly least: number
  readonly most: number
}

/** What a key, variable or flag says of its value: case, dashes, dots and underscores do not matter. */
export function tellingName(name: string): TellingName | undefined {
  return tellingNameIn(name, 0, name.length)
}

/** The same of the name in a stretch of a text. */
export function tellingNameIn(text: string, start: number, end: number): TellingName | undefined {
  if (end - start < 5 || end - start > 48) return undefined
  let last = end - 1
  while (last > start && classOf(text.charCodeAt(last)) === 0) last--
  // No name has its last letter for itself: `…key.i-d`.
  if (last === start || classOf(text.charCodeAt(last - 1)) === 0) return undefined
  return names.get(text, start, last + 1)
}

const lengths = {
  'aws-id': [16, 128],
  'aws-secret': [40, 40],
  'aws-token': [100, 4096],
  's3-endpoint': [1, 2048],
  endpoint: [1, 2048],
  'app-id': [36, 36],
  'client-id': [36, 36],
  'tenant-id': [36, 36],
  'client-secret': [16, 64],
  'client-password': [16, 64],
  'storage-key': [88, 88],
  'storage-account': [0, 64],
  'google-email': [1, 256],
  // Only a field of its own can hold the lines of a key.
  'google-key': [Infinity, 0],
  other: [Infinity, 0],
} as const satisfies { readonly [role: string]: readonly [least: number, most: number] }

// Roles, and the names that speak of them; a star marks those that are worth a finding by themselves.
const rows: readonly (readonly [cloud: Cloud, role: Role, names: string])[] = [
  ['AWS', 'aws-secret', '*awssecretaccesskey *awssecretkey *secretaccesskey'],
  ['AWS', 'aws-id', '*awsaccesskeyid accesskeyid'],
  ['AWS', 'aws-token', 'awssessiontoken'],
  [
    'AWS',
    's3-endpoint',
    'awsendpoint awsendpointurl awsendpointurls3 awss3endpoint awss3endpointurl s3endpoint s3endpointurl endpointurl',
  ],
  // Of the bucket claims of Rook, and of s3cmd.
  ['AWS', 's3-endpoint', 'buckethost bucketendpoint hostbase'],
  // Of whatever the file is for: only the keys beside it in that file are those of a store.
  ['AWS', 'endpoint', 'endpoint'],
  ['Azure', 'client-secret', '*azureclientsecret *armclientsecret aadclientsecret clientsecret'],
  ['Azure', 'client-id', 'azureclientid armclientid aadclientid clientid'],
  ['Azure', 'tenant-id', 'azuretenantid armtenantid aadtenantid tenantid tenant'],
  // As `az ad sp create-for-rbac` prints them.
  ['Azure', 'app-id', 'appid'],
  ['Azure', 'client-password', 'password'],
  [
    'Azure',
    'storage-key',
    '*azurestoragekey *azurestorageaccountkey *armaccesskey azurestorageaccesskey storageaccountkey accountkey',
  ],
  [
    'Azure',
    'storage-account',
    'azurestorageaccountname azurestorageaccount storageaccountname storageaccount accountname',
  ],
  ['Azure', 'other', '*azurestorageconnectionstring *azureclientcertificatepassword'],
  ['Google Cloud', 'google-email', 'clientemail gcpclientemail googleclientemail firebaseclientemail'],
  ['Google Cloud', 'google-key', 'privatekey gcpprivatekey googleprivatekey firebaseprivatekey'],
  ['Google Cloud', 'other', '*googlecredentials *googleapplicationcredentialsjson *gcpserviceaccountkey'],
  ['Google Cloud', 'other', '*gcloudservicekey *gcpcredentials'],
]

const names = new WordTable<TellingName>(
  rows.flatMap(([cloud, role, list]) =>
    list.split(' ').map((word) => {
      const [least, most] = lengths[role]
      const explicit = /^\*?(?:azure|arm|aad)/.test(word)
      return [word.replace('*', ''), { role, cloud, explicit, telling: word.startsWith('*'), least, most }] as const
    }),
  ),
)
