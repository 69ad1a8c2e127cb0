import type { AnyObject } from '../../src/sdk/objects.ts'
import type { NodeOptions } from '../control-plane/nodes.ts'
import { waitFor } from '../control-plane/wait.ts'
import { inPool, poolOf } from '../e2e/support/objects.ts'
import type { Place } from './place.ts'

/** A node of one case. Labels of the case itself are kept from other cases by `keyOf`. */
export interface NodePlan {
  readonly labels: { readonly [key: string]: string }
  readonly state: 'fine' | 'cordoned' | 'NoSchedule' | 'NoExecute' | 'PreferNoSchedule'
  readonly cpu?: string | undefined
  readonly memory?: string | undefined
}

/** The taint of the nodes that are not fine. */
export const gpu = 'gpu'

/** A label key that no node of another case carries. */
export function keyOf(place: Place, key: string): string {
  return key.includes('/') ? key : `${place.name}.test/${key}`
}

/** What puts Pods on the nodes of a case alone. */
export function onlyHere(place: Place): { nodeSelector: object; tolerations: object[] } {
  // As the pool of the end-to-end tests is.
  return inPool(place.name) as ReturnType<typeof onlyHere>
}

/** Makes the nodes of a case, on which no other Pods are placed, and returns them as they are stored. */
export async function makeNodes(place: Place, plans: readonly NodePlan[]): Promise<AnyObject[]> {
  return await Promise.all(plans.map((plan, index) => makeNode(place, plan, `${place.name}-${index}`)))
}

async function makeNode(place: Place, { labels, state, cpu, memory }: NodePlan, name: string): Promise<AnyObject> {
  const pool = poolOf(place.name)
  const own = Object.fromEntries(Object.entries(labels).map(([key, value]) => [keyOf(place, key), value]))
  const taint = state === 'fine' || state === 'cordoned' ? [] : [{ key: gpu, effect: state }]
  const options: NodeOptions = {
    name,
    labels: { ...own, ...pool.labels },
    taints: [...(pool.taints ?? []), ...taint],
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
  }
  await place.addNode(options)
  if (state === 'cordoned') await place.patch('Node', name, { spec: { unschedulable: true } })
  // A controller adds the taint of a cordon, which is all that some plugins of the scheduler look at.
  const stored = await waitFor(`node ${name}`, () => place.read('Node', name), {
    until: (node) =>
      state !== 'cordoned' || node.at('spec', 'taints').text.includes('node.kubernetes.io/unschedulable'),
  })
  return stored.value as AnyObject
}
