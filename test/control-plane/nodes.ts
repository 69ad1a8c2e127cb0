export interface NodeOptions {
  readonly name: string
  /** No label where it is left out. */
  readonly zone?: string
  readonly cpu?: string
  readonly memory?: string
  readonly labels?: { readonly [key: string]: string }
  readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[]
}

/** A Node that kwok plays the kubelet of. */
export function nodeObject({ name, zone, cpu = '8', memory = '32Gi', labels = {}, taints = [] }: NodeOptions): object {
  const resources = { cpu, memory, pods: '500' }
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'topology.kubernetes.io/region': 'region-1',
        ...(zone ? { 'topology.kubernetes.io/zone': zone } : {}),
        ...labels,
      },
    },
    spec: { taints },
    status: { capacity: resources, allocatable: resources },
  }
}
