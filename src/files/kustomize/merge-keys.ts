/** How a strategic merge patch is laid over a value: which lists in it are merged by keys, and what is below. */
export interface MergeShape {
  readonly fields?: { readonly [name: string]: MergeShape }
  /** For a list: the keys that tell its elements apart; none for a list of plain values. Undefined: it is replaced. */
  readonly keys?: readonly string[]
  readonly elements?: MergeShape
}

/**
 * The shape of objects of a kind; undefined where kustomize knows none, and replaces every list. From the Kubernetes
 * schema that kustomize 5 holds (1.21): patchMergeKey, or listMapKeys where a list has both.
 */
export function shapeOf(apiVersion: string, kind: string): MergeShape | undefined {
  return shapes.get(`${apiVersion} ${kind}`)
}

const by = (keys: readonly string[], elements: MergeShape = {}): MergeShape => ({ keys, elements })
const under = (name: string, shape: MergeShape): MergeShape => ({ fields: { [name]: shape } })

const metadata: MergeShape = { fields: { finalizers: by([]), ownerReferences: by(['uid']) } }
const anyContainer = { env: by(['name']), volumeMounts: by(['mountPath']), volumeDevices: by(['devicePath']) }
const container: MergeShape = { fields: { ...anyContainer, ports: by(['containerPort', 'protocol']) } }
const podSpec: MergeShape = {
  fields: {
    containers: by(['name'], container),
    initContainers: by(['name'], container),
    ephemeralContainers: by(['name'], { fields: anyContainer }),
    volumes: by(['name']),
    imagePullSecrets: by(['name']),
    hostAliases: by(['ip']),
    topologySpreadConstraints: by(['topologyKey', 'whenUnsatisfiable']),
  },
}
const pod: MergeShape = { fields: { metadata, spec: podSpec } }
const workload = under('spec', under('template', pod))
const cronJob = under('spec', under('jobTemplate', workload))
const webhooks = under('webhooks', by(['name']))

const shapes: ReadonlyMap<string, MergeShape> = new Map(
  Object.entries({
    'v1 Pod': pod,
    'v1 PodTemplate': under('template', pod),
    'v1 ReplicationController': workload,
    'apps/v1 DaemonSet': workload,
    'apps/v1 Deployment': workload,
    'apps/v1 ReplicaSet': workload,
    'apps/v1 StatefulSet': workload,
    'batch/v1 Job': workload,
    'batch/v1 CronJob': cronJob,
    'batch/v1beta1 CronJob': cronJob,
    'v1 Service': under('spec', under('ports', by(['port', 'protocol']))),
    'v1 ServiceAccount': under('secrets', by(['name'])),
    'admissionregistration.k8s.io/v1 MutatingWebhookConfiguration': webhooks,
    'admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration': webhooks,
    'admissionregistration.k8s.io/v1beta1 MutatingWebhookConfiguration': webhooks,
    'admissionregistration.k8s.io/v1beta1 ValidatingWebhookConfiguration': webhooks,
  }).map(([kind, shape]) => [kind, { ...shape, fields: { ...shape.fields, metadata } }]),
)
