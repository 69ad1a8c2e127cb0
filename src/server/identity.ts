import { readFile } from 'node:fs/promises'

/** Where a log line comes from: the emitting Pod. Never empty, so that lines of all loops can be joined. */
export interface Identity {
  readonly namespace: string
  readonly pod: string
  readonly node: string
  zone: string
}

type Env = { readonly [name: string]: string | undefined }

/** Labels of the Pod as the downward API writes them into a volume; they appear there after the Pod is bound. */
export const podLabelsFile = '/etc/podinfo/labels'
const zoneLabels = ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone']

/** Reads who we are from the downward API. Outside a cluster every field is `-`; what is not known inside is `unknown`. */
export async function readIdentity(env: Env, labelsFile = podLabelsFile): Promise<Identity> {
  const inside = Boolean(env['KUBERNETES_SERVICE_HOST'] || env['POD_NAME'])
  if (!inside) return { namespace: '-', pod: '-', node: '-', zone: '-' }
  return {
    namespace: env['POD_NAMESPACE'] || 'unknown',
    pod: env['POD_NAME'] || env['HOSTNAME'] || 'unknown',
    node: env['NODE_NAME'] || 'unknown',
    // Before Kubernetes 1.35 the zone label is not copied to Pods, and the variable is there but empty.
    zone: env['POD_ZONE'] || (await zoneOfLabelsFile(labelsFile)) || 'unknown',
  }
}

/** The zone that the labels of a Node tell; undefined if they tell none. */
export function zoneOfLabels(labels: unknown): string | undefined {
  if (typeof labels !== 'object' || labels === null) return undefined
  const entries = new Map<string, unknown>(Object.entries(labels))
  for (const label of zoneLabels) {
    const zone = entries.get(label)
    if (typeof zone === 'string' && zone !== '') return zone
  }
  return undefined
}

async function zoneOfLabelsFile(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  // One label a line, its value quoted: topology.kubernetes.io/zone="eu-1a".
  const labels = text.split('\n').flatMap((line) => {
    const label = /^([^=]+)="([^"\\]*)"$/.exec(line.trim())
    return label ? [[label[1], label[2]] as const] : []
  })
  return zoneOfLabels(Object.fromEntries(labels))
}
