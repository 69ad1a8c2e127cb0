import type { FakeApiServer } from '../test/kube/fake-api-server.ts'

/** The cluster that the inventory figures are about: 5,000 workloads and what belongs to them, on 1,000 nodes. */
export function fillCluster(server: FakeApiServer): void {
  for (let i = 0; i < 1000; i++) server.put('/api/v1/nodes', node(i))
  for (let i = 0; i < 100; i++) server.put('/api/v1/namespaces', named(`team-${i}`))
  for (let i = 0; i < 5000; i++) {
    const [name, namespace] = [`service-${i}`, `team-${i % 100}`]
    server.put('/apis/apps/v1/deployments', deployment(name, namespace))
    server.put('/apis/policy/v1/poddisruptionbudgets', budget(name, namespace))
    server.put('/api/v1/persistentvolumeclaims', claim(i, name, namespace))
    server.put('/api/v1/persistentvolumes', volume(i))
  }
}

export const served = {
  '/api/v1/nodes': 'Node',
  '/api/v1/namespaces': 'Namespace',
  '/apis/apps/v1/deployments': 'Deployment',
  '/apis/policy/v1/poddisruptionbudgets': 'PodDisruptionBudget',
  '/api/v1/persistentvolumeclaims': 'PersistentVolumeClaim',
  '/api/v1/persistentvolumes': 'PersistentVolume',
}

/** A budget that all but blocks the drains of its Deployment. */
export function budget(name: string, namespace: string) {
  return { ...named(name, namespace), spec: { minAvailable: 2, selector: { matchLabels: { app: name } } }, status: {} }
}

function deployment(name: string, namespace: string) {
  const labels = { app: name, 'app.kubernetes.io/name': name, 'app.kubernetes.io/managed-by': 'Helm', tier: 'web' }
  const container = (name: string) => ({
    name,
    image: `registry.example/${name}:1.2.3`,
    env: Array.from({ length: 12 }, (_, i) => ({ name: `SETTING_${i}`, value: `value of ${name} ${i}` })),
    ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '500m', memory: '128Mi' } },
    readinessProbe: { httpGet: { path: '/ready', port: 'http', scheme: 'HTTP' }, periodSeconds: 10 },
    livenessProbe: { httpGet: { path: '/live', port: 'http', scheme: 'HTTP' }, periodSeconds: 10 },
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
        spec: { containers: [container('web'), container('sidecar')], serviceAccountName: name },
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
