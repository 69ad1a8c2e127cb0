import { claim, configMap, context, secret, sound, statefulSet, storageClass } from './case.ts'
import { webhookLabel } from './namespace.ts'
import { autoscaler, budget, daemonSet, job, oneByOne } from './objects.ts'

/** An object on its way into a namespace, or into the cluster where it has none. */
export interface Sent {
  readonly namespace: string
  readonly object: object
}

/**
 * All that a release of an ordinary application consists of, with a StorageClass of its own: nothing is wrong with it, in
 * whatever order it arrives.
 */
export function soundRelease(namespace: string, webhook: string): Sent[] {
  const labels = { [webhookLabel]: webhook }
  const ownClass = { ...storageClass('WaitForFirstConsumer'), metadata: { name: namespace, labels } }
  const from = { envFrom: [{ configMapRef: { name: 'web' } }, { secretRef: { name: 'web' } }] }
  const listening = {
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { httpGet: { path: '/ready', port: 'http' } },
  }
  const web = { pod: { serviceAccountName: 'web' }, container: { env: context, ...from, ...listening } }
  const cached = { volumes: [{ name: 'cache', persistentVolumeClaim: { claimName: 'cache' } }] }
  const objects = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'web' } },
    named('web', configMap({ LOG_LEVEL: 'info' })),
    named('web', secret({ GREETING: 'hello' })),
    budget({ maxUnavailable: 1 }),
    budget({ maxUnavailable: 1 }, 'db'),
    service('web', { name: 'http', port: 80, targetPort: 'http' }),
    service('db', { name: 'db', port: 5432 }, { clusterIP: 'None' }),
    sound('web', web),
    sound('worker', { replicas: 1, pod: cached, strategy: { type: 'Recreate' } }),
    autoscaler({ metrics: [measuring({ type: 'Resource', resource: 'cpu' })] }),
    named('db', statefulSet('db', namespace)),
    named('cache', claim(namespace)),
    daemonSet({ container: { env: context } }),
    job({ container: { env: context } }),
    cronJob(),
    ingress('web', { name: 'http' }),
    networkPolicy(),
    { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: 'debug' }, template: templateOf(sound('debug')) },
    named('notes', configMap({ NOTES: 'none' })),
  ]
  return [{ namespace: '', object: ownClass }, ...objects.map((object) => ({ namespace, object }))]
}

/** Several objects, each sound alone, that are a fault together; and the rule that says so. */
export interface Fault {
  readonly rule: string
  readonly objects: readonly object[]
}

/** Faults of which every object bears the name of its fault, so that they live side by side in one namespace. */
export const faults: ReadonlyMap<string, Fault> = new Map(
  Object.entries({
    deadlock: {
      rule: 'compute-pdb-deadlock',
      objects: [sound('deadlock'), budget({ minAvailable: 2 }, 'deadlock')],
    },
    overlap: {
      rule: 'compute-pdb-overlap',
      objects: [
        sound('overlap'),
        budget({ maxUnavailable: 1 }, 'overlap'),
        { ...budget({ maxUnavailable: 1 }, 'overlap'), metadata: { name: 'overlap-too' } },
      ],
    },
    unscalable: {
      rule: 'compute-pdb-unscalable-owner',
      objects: [
        daemonSet({ name: 'unscalable', container: { env: context } }),
        budget({ maxUnavailable: 1 }, 'unscalable'),
      ],
    },
    rivals: {
      rule: 'compute-hpa-replicas-conflict',
      objects: [sound('rivals'), scaling('rivals'), { ...scaling('rivals'), metadata: { name: 'rivals-too' } }],
    },
    blind: {
      rule: 'compute-hpa-metric-without-requests',
      objects: [
        sound('blind'),
        scaling('blind', measuring({ type: 'ContainerResource', resource: 'cpu', container: 'wbe' })),
      ],
    },
    portless: {
      rule: 'network-service-port-unresolvable',
      objects: [
        sound('portless', { container: { env: context, ports: [{ name: 'http', containerPort: 8080 }] } }),
        service('portless', { port: 80, targetPort: 'htpp' }),
      ],
    },
    lost: {
      rule: 'network-ingress-backend-missing',
      objects: [service('lost', { port: 80 }), ingress('lost', { number: 8080 })],
    },
    shared: {
      rule: 'storage-rwo-shared-rollout',
      objects: [named('shared', claim('cases-waiting')), sound('shared', { pod: mounting('shared') })],
    },
    alone: {
      rule: 'compute-rollout-deadlock',
      objects: [
        named('alone', exclusive(claim('cases-waiting'))),
        sound('alone', { replicas: 1, pod: mounting('alone') }),
      ],
    },
    immediate: {
      rule: 'storage-pvc-immediate-class',
      objects: [named('immediate', claim('cases-immediate'))],
    },
    unbounded: {
      rule: 'compute-requests-required',
      objects: [sound('unbounded', { resources: {}, strategy: oneByOne })],
    },
  }),
)

function named(name: string, object: object): object {
  return { ...object, metadata: { name } }
}

function service(app: string, port: object, spec: object = {}): object {
  return named(app, { apiVersion: 'v1', kind: 'Service', spec: { selector: { app }, ports: [port], ...spec } })
}

function ingress(name: string, port: object): object {
  const paths = [{ path: '/', pathType: 'Prefix', backend: { service: { name, port } } }]
  const rules = [{ host: `${name}.example.com`, http: { paths } }]
  return named(name, { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', spec: { rules } })
}

function networkPolicy(): object {
  const spec = { podSelector: { matchLabels: { app: 'db' } }, ingress: [{ from: [{ podSelector: {} }] }] }
  return named('db', { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', spec })
}

function cronJob(): object {
  // As job() of objects.ts makes it.
  const { spec } = job({ container: { env: context } }) as { spec: object }
  const schedule = { schedule: '0 3 * * *', jobTemplate: { spec } }
  return named('nightly', { apiVersion: 'batch/v1', kind: 'CronJob', spec: schedule })
}

function templateOf(workload: object): object {
  // As deployment() of objects.ts makes it.
  return (workload as { spec: { template: object } }).spec.template
}

function measuring({ type, resource, container }: { type: string; resource: string; container?: string }): object {
  const target = { type: 'Utilization', averageUtilization: 80 }
  const key = type.charAt(0).toLowerCase() + type.slice(1)
  return { type, [key]: { name: resource, ...(container ? { container } : {}), target } }
}

function scaling(name: string, metric = measuring({ type: 'Resource', resource: 'cpu' })): object {
  return autoscaler({ scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name }, metrics: [metric] }, name)
}

function mounting(claimName: string): object {
  return { volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }] }
}

function exclusive(object: object): object {
  // As claim() of case.ts makes it.
  const { spec } = object as { spec: object }
  return { ...object, spec: { ...spec, accessModes: ['ReadWriteOncePod'] } }
}
