import { collectionPath } from '../../../src/kube/list.ts'
import { kinds, type KindInfo } from '../../../src/sdk/kinds.ts'
import type { Cluster } from '../../control-plane/cluster.ts'
import { waitFor } from '../../control-plane/wait.ts'

/**
 * Serves every kind of the rules' table that the API server does not bring along, as a custom resource without a schema:
 * what a rule reads of it is the rule's to check, as with the real one in a version that nobody here knows.
 */
export async function installCustomKinds(cluster: Cluster): Promise<void> {
  const missing = []
  for (const info of kinds.values()) if (!(await isServed(cluster, info))) missing.push(info)
  for (const info of missing) {
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
    const created = await cluster.request('POST', path, definitionOf(info))
    if (created.status !== 201) throw new Error(`${info.kind}: ${created.body.at('message').text}`)
  }
  for (const info of missing) await waitFor(`${info.resource} to be served`, () => isServed(cluster, info))
}

async function isServed(cluster: Cluster, info: KindInfo): Promise<boolean> {
  const { status } = await cluster.request('GET', `${collectionPath(info, info.namespaced ? 'default' : '')}?limit=1`)
  return status === 200
}

/** The definition that serves a kind as a custom resource without a schema. */
export function definitionOf(info: KindInfo): object {
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
