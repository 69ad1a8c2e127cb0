import type { AnyObject } from '../src/sdk/objects.ts'

/** A sound Pod of three containers, about 5 KB of JSON as an API server sends it. */
export function pod(): AnyObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'shop-0',
      namespace: 'shop',
      labels: { 'app.kubernetes.io/name': 'shop', 'app.kubernetes.io/part-of': 'store' },
      annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '9090' },
    },
    ...{ spec: { containers: ['web', 'api', 'worker'].map(container), ...rest } },
  }
}

/** A Pod of about `bytes` of JSON made of many small entries. */
export function wideObject(bytes: number): AnyObject {
  const entry = (i: number) => ({
    name: `VARIABLE_${String(i).padStart(7, '0')}`,
    value: 'a value of ordinary length',
  })
  const count = Math.ceil(bytes / (JSON.stringify(entry(0)).length + 1))
  const env = Array.from({ length: count }, (_, i) => entry(i))
  return { ...pod(), ...{ spec: { containers: [{ ...container('web'), env }], ...rest } } }
}

function container(name: string) {
  const field = (variable: string, fieldPath: string) => ({
    name: variable,
    valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } },
  })
  return {
    name,
    image: `registry.example.com/shop/${name}:1.4.2`,
    imagePullPolicy: 'IfNotPresent',
    command: ['/app/server'],
    args: ['--listen=:8080', '--log-format=json', `--component=${name}`],
    env: [
      field('K8S_NAMESPACE', 'metadata.namespace'),
      field('K8S_POD_NAME', 'metadata.name'),
      field('K8S_NODE_NAME', 'spec.nodeName'),
      { name: 'DATABASE_HOST', value: 'postgres.data.svc.cluster.local' },
      { name: 'CACHE_URL', value: 'redis://cache.data.svc.cluster.local:6379/0' },
      { name: 'FEATURE_FLAGS', value: 'checkout-v2,search-suggest,fast-images' },
    ],
    ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
    resources: { limits: { cpu: '500m', memory: '256Mi' }, requests: { cpu: '100m', memory: '256Mi' } },
    readinessProbe: {
      httpGet: { path: '/ready', port: 'http', scheme: 'HTTP' },
      timeoutSeconds: 1,
      periodSeconds: 10,
      successThreshold: 1,
      failureThreshold: 3,
    },
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    volumeMounts: [
      { name: 'config', mountPath: '/etc/app', readOnly: true },
      { name: 'kube-api-access', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true },
    ],
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: true },
  }
}

const rest = {
  volumes: [
    { name: 'config', configMap: { name: 'shop', defaultMode: 420 } },
    {
      name: 'kube-api-access',
      projected: { sources: [{ serviceAccountToken: { expirationSeconds: 3607, path: 'token' } }] },
    },
  ],
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 30,
  dnsPolicy: 'ClusterFirst',
  serviceAccountName: 'shop',
  schedulerName: 'default-scheduler',
  tolerations: [
    { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
  ],
}
