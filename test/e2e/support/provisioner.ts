import type { Json } from '../../control-plane/client.ts'
import type { Cluster } from '../../control-plane/cluster.ts'

const zoneKey = 'topology.kubernetes.io/zone'

/**
 * Plays the zonal CSI provisioner of one driver for the claims of some namespaces: where the scheduler has chosen a
 * node, the volume is made in the zone of that node; else, as under Immediate, in `firstZone`, or the zone that it says
 * for the name of the claim, because nothing is known of the Pod. Volumes carry a node affinity to their zone, as the real drivers write it.
 */
export function playProvisioner(
  t: { teardown(fn: () => unknown): unknown },
  cluster: Cluster,
  driver: string,
  firstZone: string | ((claimName: string) => string),
  namespaces: readonly string[],
): void {
  const made = new Set<string>()
  const round = async (): Promise<void> => {
    for (const namespace of namespaces) {
      const { body } = await cluster.request('GET', `/api/v1/namespaces/${namespace}/persistentvolumeclaims`)
      for (const claim of body.at('items').items) {
        const uid = claim.at('metadata', 'uid').text
        const annotations = claim.at('metadata', 'annotations')
        // The PV controller writes this annotation when it wants a volume: for a waiting class only once a node is chosen.
        if (made.has(uid) || annotations.at('volume.kubernetes.io/storage-provisioner').text !== driver) continue
        const node = annotations.at('volume.kubernetes.io/selected-node').text
        if (!node && (await waits(cluster, claim))) continue
        const chosen = typeof firstZone === 'string' ? firstZone : firstZone(claim.at('metadata', 'name').text)
        await create(cluster, driver, claim, node ? await zoneOf(cluster, node) : chosen)
        made.add(uid)
      }
    }
  }
  let stopped = false
  const loop = async (): Promise<void> => {
    while (!stopped) {
      await round()
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  const running = loop()
  t.teardown(async () => {
    stopped = true
    await running
  })
}

async function waits(cluster: Cluster, claim: Json): Promise<boolean> {
  const name = claim.at('spec', 'storageClassName').text
  const { body } = await cluster.request('GET', `/apis/storage.k8s.io/v1/storageclasses/${name}`)
  return body.at('volumeBindingMode').text === 'WaitForFirstConsumer'
}

async function zoneOf(cluster: Cluster, node: string): Promise<string> {
  const { body } = await cluster.request('GET', `/api/v1/nodes/${node}`)
  return body.at('metadata', 'labels', zoneKey).text
}

async function create(cluster: Cluster, driver: string, claim: Json, zone: string): Promise<void> {
  const metadata = claim.at('metadata')
  const name = `pvc-${metadata.at('uid').text}`
  const { status, body } = await cluster.request('POST', '/api/v1/persistentvolumes', {
    metadata: { name },
    spec: {
      capacity: { storage: claim.at('spec', 'resources', 'requests', 'storage').text },
      accessModes: claim.at('spec', 'accessModes').value,
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: claim.at('spec', 'storageClassName').text,
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        namespace: metadata.at('namespace').text,
        name: metadata.at('name').text,
        uid: metadata.at('uid').text,
      },
      csi: { driver, volumeHandle: name },
      nodeAffinity: {
        required: { nodeSelectorTerms: [{ matchExpressions: [{ key: zoneKey, operator: 'In', values: [zone] }] }] },
      },
    },
  })
  if (status !== 201) throw new Error(`volume of ${metadata.at('name').text}: ${body.at('message').text}`)
}
