import { randomBytes } from 'node:crypto'
import type { Severity } from '../../../src/sdk/policy.ts'
import { deployment, podSpec } from './objects.ts'

export interface Case {
  readonly rule: string
  /** Tells several cases of one rule apart. */
  readonly kind?: string
  readonly baseline: Severity
  readonly strict: Severity
  /** What the finding says. */
  readonly says: RegExp
  /** The faulty object and its good neighbour; `app` tells the objects of one namespace apart. */
  readonly bad: (app: string) => object
  readonly good: (app: string) => object
  /** What must be there before. */
  readonly beside?: (app: string) => object[]
  /** Sent in every way that objects arrive, not only created and updated. */
  readonly everyWay?: true
  /** The fault cannot come by an UPDATE: the API server lets nobody change the field. */
  readonly immutable?: true
  readonly clusterScoped?: true
  /** The fault is one of the object as the API server completed it: files do not show it. */
  readonly completed?: true
  /** The severity in files, where it is another there. */
  readonly inFiles?: Severity
  /** The rule knows its object by this name only: both bear it, one after the other. */
  readonly name?: string
  /** The rule looks at the nodes of the cluster: files are told of them too. */
  readonly nodes?: true
}

/** The classes that the claims of the cases name; no webhook reviews them. */
export const classesOfCases: readonly object[] = [
  { ...storageClass('Immediate'), metadata: { name: 'cases-immediate' } },
  { ...storageClass('WaitForFirstConsumer'), metadata: { name: 'cases-waiting' } },
  { ...storageClass('WaitForFirstConsumer'), metadata: { name: 'cases-retaining' }, reclaimPolicy: 'Retain' },
]

const fields = {
  K8S_NAMESPACE: 'metadata.namespace',
  K8S_POD_NAME: 'metadata.name',
  K8S_NODE_NAME: 'spec.nodeName',
  K8S_ZONE: "metadata.labels['topology.kubernetes.io/zone']",
}

/** All that a log line must be able to say, so that the strict profile finds nothing either. */
export const context = Object.entries(fields).map(([name, fieldPath]) => ({
  name,
  valueFrom: { fieldRef: { fieldPath } },
}))

/** A Deployment with which no rule finds anything in either profile, but for the fields given. */
export function sound(name: string, options: Parameters<typeof podSpec>[0] = {}): object {
  const pod = { automountServiceAccountToken: false, ...options.pod }
  return deployment({ name, ...options, pod, container: { env: context, ...options.container } })
}

/** A key pair in the shape of an AWS access key. */
export function awsKeys(): { readonly [name: string]: string } {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const id = [...randomBytes(16)].map((byte) => alphabet[byte % 32]).join('')
  return { AWS_ACCESS_KEY_ID: `AKIA${id}`, AWS_SECRET_ACCESS_KEY: randomBytes(30).toString('base64') }
}

export function iniFile(): string {
  const lines = Object.entries(awsKeys()).map(([name, value]) => `${name.toLowerCase()} = ${value}`)
  return ['[default]', ...lines, ''].join('\n')
}

export function env(values: { readonly [name: string]: string }): object[] {
  return Object.entries(values).map(([name, value]) => ({ name, value }))
}

/** Values stand in `data`, where the API server moves those of `stringData`: so findings have the same place in files. */
export function secret(values: { readonly [key: string]: string }): object {
  const data = Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')])
  return { apiVersion: 'v1', kind: 'Secret', data: Object.fromEntries(data) as unknown }
}

export function configMap(data: object): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', data }
}

export function storageClass(volumeBindingMode: string): object {
  return { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', provisioner: 'ebs.csi.aws.com', volumeBindingMode }
}

export function pod(resources: object): object {
  return { apiVersion: 'v1', kind: 'Pod', spec: podSpec({ resources, container: { env: context } }) }
}

export function claim(storageClassName: string): object {
  const spec = { storageClassName, accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', spec }
}

export function statefulSet(name: string, storageClassName: string): object {
  const labels = { app: name }
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    spec: {
      replicas: 1,
      serviceName: name,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podSpec({ container: { env: context } }) },
      volumeClaimTemplates: [{ ...claim(storageClassName), metadata: { name: 'data' } }],
    },
  }
}
