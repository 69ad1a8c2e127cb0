import type { KindInfo } from '../../src/sdk/kinds.ts'
import type { AnyObject } from '../../src/sdk/objects.ts'

type Fields = { [key: string]: unknown }

/** An object with the fields that every API server asks for, where examples leave them out because no rule reads them. */
export function acceptable({ kind }: KindInfo, given: object): AnyObject {
  // A copy that is nobody else's; examples are JSON.
  const object = structuredClone(given) as Fields
  const owners = fieldsOf(object, 'metadata')['ownerReferences']
  if (Array.isArray(owners))
    for (const owner of owners as Fields[]) owner['uid'] ??= 'b6b3a3a2-0000-4000-8000-000000000000'
  const spec = fieldsOf(object, 'spec')
  switch (kind) {
    case 'Pod':
      completePod(spec)
      break
    case 'PodTemplate':
      completePod(fieldsOf(fieldsOf(object, 'template'), 'spec'))
      break
    case 'CronJob': {
      spec['schedule'] ??= '0 3 * * *'
      const template = fieldsOf(fieldsOf(fieldsOf(spec, 'jobTemplate'), 'spec'), 'template')
      completePod(fieldsOf(template, 'spec'), 'Never')
      break
    }
    case 'Job':
      completePod(fieldsOf(fieldsOf(spec, 'template'), 'spec'), 'Never')
      break
    case 'DaemonSet':
    case 'Deployment':
    case 'ReplicaSet':
    case 'StatefulSet':
      completeSelector(spec)
      break
    case 'ReplicationController': {
      const template = fieldsOf(spec, 'template')
      const labels = fieldsOf(fieldsOf(template, 'metadata'), 'labels')
      if (Object.keys(labels).length === 0) labels['app'] = 'example'
      spec['selector'] ??= { ...labels }
      completePod(fieldsOf(template, 'spec'))
      break
    }
    case 'PersistentVolumeClaim':
      completeClaim(spec)
      break
    case 'PersistentVolume':
      spec['capacity'] ??= { storage: '1Gi' }
      spec['accessModes'] ??= ['ReadWriteOnce']
      if (!Object.keys(spec).some((key) => sources.has(key)))
        spec['csi'] = { driver: 'csi.example', volumeHandle: 'v1' }
      break
    case 'MutatingWebhookConfiguration':
      // Without rules it is never called.
      object['webhooks'] ??= [
        {
          name: 'injects.example.com',
          clientConfig: { url: 'https://127.0.0.1:9/' },
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
        },
      ]
      delete object['spec']
      break
    case 'HorizontalPodAutoscaler':
      spec['maxReplicas'] ??= 3
      spec['scaleTargetRef'] = {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        name: 'web',
        ...fieldsOf(spec, 'scaleTargetRef'),
      }
      break
    default:
      if (Object.keys(spec).length === 0) delete object['spec']
  }
  return object
}

const sources: ReadonlySet<string> = new Set([
  ...['awsElasticBlockStore', 'azureDisk', 'azureFile', 'csi', 'gcePersistentDisk', 'hostPath', 'local', 'nfs'],
])

function completeSelector(spec: Fields): void {
  const template = fieldsOf(spec, 'template')
  const labels = fieldsOf(fieldsOf(template, 'metadata'), 'labels')
  if (Object.keys(labels).length === 0) labels['app'] = 'example'
  spec['selector'] ??= { matchLabels: { ...labels } }
  completePod(fieldsOf(template, 'spec'))
  if (Array.isArray(spec['volumeClaimTemplates']))
    for (const claim of spec['volumeClaimTemplates'] as Fields[]) completeClaim(fieldsOf(claim, 'spec'))
}

function completePod(spec: Fields, restartPolicy?: string): void {
  if (restartPolicy) spec['restartPolicy'] ??= restartPolicy
  spec['containers'] ??= [{ name: 'web' }]
  for (const field of ['containers', 'initContainers', 'ephemeralContainers']) {
    const list = spec[field]
    if (!Array.isArray(list)) continue
    for (const container of list as unknown[])
      if (typeof container === 'object' && container !== null)
        Object.assign(container, { image: 'registry.example/web:1.0', ...container })
  }
}

function completeClaim(spec: Fields): void {
  spec['accessModes'] ??= ['ReadWriteOnce']
  spec['resources'] ??= { requests: { storage: '1Gi' } }
}

/** The fields under a key, made where there are none. */
function fieldsOf(object: Fields, key: string): Fields {
  object[key] ??= {}
  // Examples are Kubernetes objects: what stands there has fields.
  return object[key] as Fields
}
