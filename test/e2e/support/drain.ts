import type { Cluster } from '../../control-plane/cluster.ts'
import type { CommandResult } from '../../control-plane/kubectl.ts'
import { waitFor } from '../../control-plane/wait.ts'
import type { Namespace } from './namespace.ts'

/** Waits until a Deployment has all its Pods Ready on its nodes, and returns the name of the node with most of them. */
export async function settled(namespace: Namespace, name = 'web'): Promise<string> {
  await waitFor(`Deployment ${name} of ${namespace.name} to be complete`, async () => {
    const seen = await namespace.get(`apps/v1/deployments/${name}`)
    const [wanted, ready, generation, observed] = [
      seen.at('spec', 'replicas'),
      seen.at('status', 'readyReplicas'),
      seen.at('metadata', 'generation'),
      seen.at('status', 'observedGeneration'),
    ]
    return wanted.value === ready.value && generation.value === observed.value
  })
  const pods = (await namespace.get('pods')).at('items').items
  const nodes = pods.map((pod) => pod.at('spec', 'nodeName').text)
  return (
    nodes.sort((a, b) => nodes.filter((node) => node === b).length - nodes.filter((node) => node === a).length)[0] ?? ''
  )
}

/** Waits until the disruption controller has counted the Pods of a budget. */
export async function counted(namespace: Namespace, healthy: number, name = 'web'): Promise<void> {
  await waitFor(
    `budget ${name} of ${namespace.name} to count ${healthy} healthy`,
    async () => {
      const status = (await namespace.get(`policy/v1/poddisruptionbudgets/${name}`)).at('status')
      return status.at('currentHealthy').value === healthy ? true : status.value
    },
    { until: (seen) => seen === true },
  )
}

/** `kubectl drain` of a node as an upgrade would do it. It retries a refused eviction every five seconds. */
export function drain(cluster: Cluster, node: string, enough?: (stderr: string) => boolean): Promise<CommandResult> {
  const args = ['drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=180s']
  return cluster.kubectl(args, enough ? { enough } : {})
}

/** The same of a node that cannot be drained: looked at until a Pod was refused for the second time. */
export function stuckDrain(cluster: Cluster, node: string): Promise<CommandResult> {
  return drain(cluster, node, (stderr) => refusedAgain.test(stderr))
}

/** A Pod that may not go, and still may not five seconds later. */
export const refusedAgain =
  /(error when evicting pods\/"\S+")[^\n]*\(will retry after 5s\)[^]*\1[^\n]*\(will retry after 5s\)/
