import { randomUUID } from 'node:crypto'
import { request as httpsRequest } from 'node:https'
import type { AdmissionResponse } from '../admission/response.ts'
import { groupOf } from '../sdk/kinds.ts'
import type { AnyObject } from '../sdk/objects.ts'
import { memberOf, recordOf } from '../sdk/shape.ts'

/** Where the API server finds the webhook, and whom it trusts there. */
export interface WebhookAddress {
  readonly port: number
  readonly authority: string
}

/** An object on its way into the cluster. */
export interface Created {
  readonly object: AnyObject
  readonly apiVersion: string
  readonly kind: string
  /** Plural name, as in a URL. */
  readonly resource: string
  /** '' for cluster-scoped kinds. */
  readonly namespace: string
  readonly name: string
}

/** The object as the API server would hand it to a webhook: its namespace and the defaults that bear on a rule. */
export function defaulted(object: AnyObject, kind: string, namespace: string): AnyObject {
  const { stringData, ...rest } = { ...object, stringData: recordOf(memberOf(object, 'stringData')) }
  const metadata = { ...object.metadata, ...(namespace === '' ? {} : { namespace }) }
  const whole = { ...rest, metadata }
  if (kind === 'StorageClass') return { volumeBindingMode: 'Immediate', ...whole } as AnyObject
  if (kind !== 'Secret' || !stringData) return whole
  const encoded = Object.entries(stringData).map(([key, value]) => [key, Buffer.from(String(value)).toString('base64')])
  // fromEntries defines its members, so a key named __proto__ stays a key.
  const data = Object.fromEntries([...Object.entries(recordOf(memberOf(object, 'data')) ?? {}), ...encoded]) as object
  return { ...whole, data } as AnyObject
}

/** Posts an AdmissionReview of a CREATE over HTTPS and returns the response. */
export async function admit(address: WebhookAddress, created: Created): Promise<AdmissionResponse> {
  const { object, apiVersion, kind, resource, namespace, name } = created
  const group = groupOf(apiVersion)
  const version = group === '' ? apiVersion : apiVersion.slice(group.length + 1)
  const request = {
    uid: randomUUID(),
    kind: { group, version, kind },
    resource: { group, version, resource },
    requestKind: { group, version, kind },
    requestResource: { group, version, resource },
    name,
    ...(namespace === '' ? {} : { namespace }),
    operation: 'CREATE',
    userInfo: { username: 'developer', groups: ['developers', 'system:authenticated'] },
    object,
    oldObject: null,
    dryRun: false,
    options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
  }
  const answer = await post(
    address,
    JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request }),
  )
  // Our own answer to a review with a uid; its shape is held by the tests of the webhook.
  return (JSON.parse(answer) as { readonly response: AdmissionResponse }).response
}

function post({ port, authority }: WebhookAddress, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, */*',
      'content-length': Buffer.byteLength(body),
      'user-agent': 'kube-apiserver-admission',
    }
    const to = { host: '127.0.0.1', servername: 'localhost', port, path: '/validate?timeout=3s', ca: authority }
    const sent = httpsRequest({ ...to, method: 'POST', headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve(text)).on('error', reject)
    })
    sent.on('error', reject).end(body)
  })
}
