import { collectionPath } from '../../../src/kube/list.ts'
import { kinds, type KindInfo } from '../../../src/sdk/kinds.ts'
import type { Cluster } from '../../control-plane/cluster.ts'
import { waitFor } from '../../control-plane/wait.ts'

/**
 * Serves every kind of the rules' table that the API server does not bring along, as a custom resource without a schema:
 * what a rule reads of it is the rule's to check, as with the real one in a version that nobody here knows.
 */
export async function installCustomKinds(cluster: Cluster): Promise<readonly KindInfo[]> {
  const missing = []
  for (const info of kinds.values()) if (!(await isServed(cluster, info))) missing.push(info)
  for (const info of missing) {
    const created = await cluster.request('POST', definitions, definitionOf(info))
    if (created.status !== 201) throw new Error(`${info.kind}: ${created.body.at('message').text}`)
  }
  for (const info of missing) await waitFor(`${info.resource} to be served`, () => isServed(cluster, info))
  return missing
}

/** Takes kinds away again, with all objects of them. */
export async function removeCustomKinds(cluster: Cluster, infos: readonly KindInfo[]): Promise<void> {
  const paths = infos.map(({ resource, group }) => `${definitions}/${resource}.${group}`)
  for (const path of paths) await cluster.request('DELETE', path)
  for (const path of paths)
    await waitFor(`${path} to be gone`, async () => (await cluster.request('GET', path)).status === 404)
}

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

async function isServed(cluster: Cluster, info: KindInfo): Promise<boolean> {
  const { status } = await cluster.request('GET', `${collectionPath(info, info.namespaced ? 'default' : '')}?limit=1`)
  return status === 200
}

function definitionOf(info: KindInfo): object {
  const { group, version, resource, kind, namespaced } = info
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${resource}.${group}`,
      // Groups of the community are protected: this one says that it is none of its APIs.
      annotations: { 'api-approved.kubernetes.io': 'unapproved, for a test' },
    },
    spec: {
      group,
      scope: namespaced ? 'Namespaced' : 'Cluster',
      names: { plural: resource, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  }
}
