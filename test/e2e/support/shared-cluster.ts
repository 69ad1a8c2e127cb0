import { connect, type Cluster, type ClusterAddress } from '../../control-plane/cluster.ts'
import { startControlPlane } from '../../control-plane/start.ts'

/** Holds the address of the control plane that `run.ts` started for all files. */
export const clusterVariable = 'DAY2_E2E_CLUSTER'

export const sharedNodes = 3

export const sharedAuditPolicy = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - { level: None, userGroups: ['system:nodes'] }
  - { level: None, resources: [{ group: coordination.k8s.io }, { resources: [events] }, { group: events.k8s.io }] }
  - { level: Metadata, verbs: [create, update, patch, delete] }
  - { level: None }
`

/** The control plane of the run; a file that is run alone gets its own. */
export async function useCluster(t: { teardown(fn: () => unknown): unknown }): Promise<Cluster> {
  const address = process.env[clusterVariable]
  // What run.ts wrote there.
  if (address) return closing(t, connect(JSON.parse(address) as ClusterAddress))
  const own = await startControlPlane({ nodes: sharedNodes, auditPolicy: sharedAuditPolicy })
  t.teardown(() => own.stopAll())
  return own
}

function closing(t: { teardown(fn: () => unknown): unknown }, cluster: Cluster): Cluster {
  t.teardown(() => cluster.close())
  return cluster
}
