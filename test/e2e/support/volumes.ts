import type { Cluster } from '../../control-plane/cluster.ts'
import { deployment, podSpec } from './objects.ts'

/** The driver of the static volumes, and the label that the nodes carry. */
export const waiting = 'ebs.csi.aws.com'
export const zoneKey = 'topology.kubernetes.io/zone'

export function storageClass(name: string, provisioner: string, volumeBindingMode: string): object {
  return { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name }, provisioner, volumeBindingMode }
}

export function claim(name: string, storageClassName: string, mode = 'ReadWriteOnce'): object {
  const spec = { storageClassName, accessModes: [mode], resources: { requests: { storage: '1Gi' } } }
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name }, spec }
}

export function unclassed(name: string): object {
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name }, spec }
}

/** A claim of a volume that is there. */
export function bound(name: string, volumeName: string): object {
  const { spec, ...rest } = claim(name, 'volumes-static') as { spec: object }
  return { ...rest, spec: { ...spec, volumeName } }
}

export function volume(name: string, spec: object): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: 'volumes-static',
      csi: { driver: waiting, volumeHandle: name },
      ...spec,
    },
  }
}

function terms(values: readonly string[], key = zoneKey): object {
  return { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values }] }] }
}

export function inZone(zone: string, key?: string): object {
  return { nodeAffinity: { required: terms([zone], key) } }
}

export function required(...zones: string[]): object {
  return { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms(zones) } } }
}

export function mounts(claims: readonly string[]): object {
  return { volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })) }
}

export function pod(name: string, claims: readonly string[], placed: object = {}): object {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: podSpec({ pod: { ...placed, ...mounts(claims) } }) }
}

export function recreated(object: object): object {
  const { spec, ...rest } = object as { spec: object }
  return { ...rest, spec: { ...spec, strategy: { type: 'Recreate' } } }
}

export function deploying(name: string, claims: readonly string[], placed: object = {}): object {
  return recreated(deployment({ name, replicas: 1, pod: { ...placed, ...mounts(claims) } }))
}

export const defaultKey = 'storageclass.kubernetes.io/is-default-class'

/** The class as the default of its cluster. */
export function byDefault(object: object): object {
  // Builders of this file give every object its metadata.
  const { metadata } = object as { metadata: object }
  return { ...object, metadata: { ...metadata, annotations: { [defaultKey]: 'true' } } }
}

/** The name of a node in the first zone. */
export async function anyNode(cluster: Cluster): Promise<string> {
  const { stdout } = await cluster.kubectl(['get', 'nodes', '-l', `${zoneKey}=zone-0`, '-o', 'name'])
  return stdout.split('\n')[0]?.replace('node/', '') ?? ''
}
