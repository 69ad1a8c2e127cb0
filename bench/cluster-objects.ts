import { watchedKinds } from '../src/engine/watched-kinds.ts'
import { policies } from '../policies/index.ts'
import { collectionPath } from '../src/kube/list.ts'
import { kinds } from '../src/sdk/kinds.ts'
import type { AnyObject, KindName } from '../src/sdk/objects.ts'
import type { FakeApiServer } from '../test/kube/fake-api-server.ts'

/** Every collection that the webhook watches, and PersistentVolumes: some are empty. */
export const served: Readonly<Record<string, string>> = Object.fromEntries(
  watchedKinds(policies).map((info) => [collectionPath(info), info.kind]),
)

/**
 * The cluster that the inventory figures are about: 1,000 nodes, and 5,000 workloads each with a Service, a claim and a
 * volume; `everyKind` adds to each workload what a platform has around it, about 51,000 objects in all.
 */
export function fillCluster(server: FakeApiServer, everyKind: boolean): void {
  const put = (kind: KindName, object: Parameters<FakeApiServer['put']>[1]) => server.put(pathOf(kind), object)
  for (let i = 0; i < 1000; i++) put('Node', node(i))
  for (let i = 0; i < 100; i++) put('Namespace', named(`team-${i}`))
  put('StorageClass', { ...named('ssd'), provisioner: 'disk.csi.example', volumeBindingMode: 'WaitForFirstConsumer' })
  for (let i = 0; i < 5000; i++) {
    const [name, namespace] = [`service-${i}`, `team-${i % 100}`]
    put('Deployment', deployment(name, namespace))
    put('Service', service(name, namespace))
    put('PersistentVolumeClaim', claim(i, name, namespace))
    put('PersistentVolume', volume(i))
    if (!everyKind) continue
    put('ReplicaSet', replicaSet(name, namespace))
    put('PodDisruptionBudget', budget(name, namespace))
    put('ServiceAccount', named(name, namespace))
    put('HorizontalPodAutoscaler', autoscaler(name, namespace))
    if (i % 2 === 0) put('Ingress', ingress(name, namespace))
    if (i % 2 === 1) put('NetworkPolicy', networkPolicy(name, namespace))
  }
  if (!everyKind) return
  for (let i = 0; i < 100; i++) {
    put('LimitRange', limitRange(`team-${i}`))
    put('ResourceQuota', quota(`team-${i}`))
  }
  put('IngressClass', { ...named('nginx'), spec: { controller: 'k8s.io/ingress-nginx' } })
}

/** One object of each kind that most reviews are of, as it stands in the cluster. */
export function subjects(): readonly { readonly kind: KindName; readonly object: AnyObject }[] {
  const [name, namespace] = ['service-1234', 'team-34']
  return [
    { kind: 'Deployment', object: deployment(name, namespace) },
    { kind: 'Service', object: service(name, namespace) },
    { kind: 'PodDisruptionBudget', object: budget(name, namespace) },
    { kind: 'HorizontalPodAutoscaler', object: autoscaler(name, namespace) },
    { kind: 'PersistentVolumeClaim', object: claim(1234, name, namespace) },
    { kind: 'PersistentVolume', object: volume(1234) },
    { kind: 'Ingress', object: ingress(name, namespace) },
    { kind: 'NetworkPolicy', object: networkPolicy(name, namespace) },
    { kind: 'ServiceAccount', object: named(name, namespace) },
  ]
}

function pathOf(kind: KindName): string {
  const info = kinds.get(kind)
  if (!info) throw new Error(`no kind ${kind}`)
  return collectionPath(info)
}

function budget(name: string, namespace: string) {
  return {
    ...named(name, namespace),
    spec: { maxUnavailable: 1, selector: { matchLabels: { app: name } } },
    status: {},
  }
}

function service(name: string, namespace: string) {
  const ports = [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }]
  return { ...named(name, namespace), spec: { type: 'ClusterIP', selector: { app: name }, ports }, status: {} }
}

function replicaSet(name: string, namespace: string) {
  const { metadata, spec } = deployment(name, namespace)
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name, uid: metadata.uid, controller: true }
  const { replicas, selector, template } = spec
  return {
    metadata: { ...metadata, name: `${name}-7d4f8`, ownerReferences: [owner] },
    spec: { replicas, selector, template },
    status: { replicas },
  }
}

function autoscaler(name: string, namespace: string) {
  const target = { type: 'Utilization', averageUtilization: 70 }
  const metrics = [{ type: 'Resource', resource: { name: 'cpu', target } }]
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name }
  return { ...named(name, namespace), spec: { scaleTargetRef, minReplicas: 3, maxReplicas: 9, metrics }, status: {} }
}

function ingress(name: string, namespace: string) {
  const backend = { service: { name, port: { name: 'http' } } }
  const http = { paths: [{ path: '/', pathType: 'Prefix', backend }] }
  return {
    ...named(name, namespace),
    spec: { ingressClassName: 'nginx', rules: [{ host: `${name}.example.com`, http }] },
    status: {},
  }
}

function networkPolicy(name: string, namespace: string) {
  const ports = [{ port: 8080, protocol: 'TCP' }]
  const ingress = [{ from: [{ namespaceSelector: {} }], ports }]
  return {
    ...named(name, namespace),
    spec: { podSelector: { matchLabels: { app: name } }, policyTypes: ['Ingress'], ingress },
  }
}

function limitRange(namespace: string) {
  const limits = [{ type: 'Container', default: { memory: '256Mi' }, defaultRequest: { cpu: '100m', memory: '256Mi' } }]
  return { ...named('defaults', namespace), spec: { limits } }
}

function quota(namespace: string) {
  const hard = { 'requests.cpu': '200', 'requests.memory': '400Gi' }
  return { ...named('budget', namespace), spec: { hard }, status: { hard, used: { 'requests.cpu': '30' } } }
}

function deployment(name: string, namespace: string) {
  const labels = { app: name, 'app.kubernetes.io/name': name, 'app.kubernetes.io/managed-by': 'Helm', tier: 'web' }
  const container = (name: string) => ({
    name,
    image: `registry.example/${name}:1.2.3`,
    env: Array.from({ length: 12 }, (_, i) => ({ name: `SETTING_${i}`, value: `value of ${name} ${i}` })),
    ports: name === 'web' ? [{ name: 'http', containerPort: 8080, protocol: 'TCP' }] : [],
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '500m', memory: '128Mi' } },
    readinessProbe: { httpGet: { path: '/ready', port: 8080, scheme: 'HTTP' }, periodSeconds: 10 },
    livenessProbe: { httpGet: { path: '/live', port: 8080, scheme: 'HTTP' }, periodSeconds: 10 },
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  })
  return {
    ...named(name, namespace),
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: name } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      template: {
        metadata: { labels },
        spec: {
          containers: [container('web'), container('sidecar')],
          serviceAccountName: name,
          volumes: [{ name: 'data', persistentVolumeClaim: { claimName: name } }],
        },
      },
    },
    status: { replicas: 3, conditions: [{ type: 'Available', status: 'True', message: 'has minimum availability' }] },
  }
}

function node(i: number) {
  const images = Array.from({ length: 50 }, (_, n) => ({
    names: [`registry.example/image-${n}@sha256:${'0123456789abcdef'.repeat(4)}`, `registry.example/image-${n}:1.0`],
    sizeBytes: 123_456_789,
  }))
  const { metadata } = named(`node-${i}`)
  const labels = { 'kubernetes.io/hostname': `node-${i}`, 'topology.kubernetes.io/zone': `zone-${i % 3}` }
  const capacity = { cpu: '8', memory: '32Gi', pods: '110' }
  return {
    metadata: { ...metadata, labels },
    spec: {},
    status: { capacity, allocatable: capacity, images, conditions: [{ type: 'Ready', status: 'True' }] },
  }
}

function claim(i: number, name: string, namespace: string) {
  const resources = { requests: { storage: '10Gi' } }
  const spec = { accessModes: ['ReadWriteOnce'], storageClassName: 'ssd', volumeName: `pv-${i}`, resources }
  return { ...named(name, namespace), spec, status: { phase: 'Bound', capacity: { storage: '10Gi' } } }
}

function volume(i: number) {
  const zone = { key: 'topology.kubernetes.io/zone', operator: 'In', values: [`zone-${i % 3}`] }
  const nodeAffinity = { required: { nodeSelectorTerms: [{ matchExpressions: [zone] }] } }
  const csi = { driver: 'disk.csi.example', volumeHandle: `disk-${i}` }
  const spec = { capacity: { storage: '10Gi' }, accessModes: ['ReadWriteOnce'], nodeAffinity, csi }
  return { ...named(`pv-${i}`), spec, status: { phase: 'Bound' } }
}

function named(name: string, namespace?: string) {
  return {
    metadata: {
      name,
      ...(namespace ? { namespace } : {}),
      uid: '0b1f3c1e-7a52-4c0e-9a43-2f5f0f6f2d11',
      creationTimestamp: '2026-01-01T00:00:00Z',
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': 'x'.repeat(1500) },
      managedFields: [{ manager: 'kubectl', operation: 'Update', fieldsV1: { 'f:spec': { 'f:x': 'y'.repeat(1500) } } }],
    },
  }
}
