import type { AnyObject } from '../../src/sdk/objects.ts'
import { json, type Json } from '../control-plane/client.ts'
import type { Place } from './place.ts'

/** The Pods among these that the API server finds by the selector of a budget. */
export async function selectedPods(place: Place, budget: AnyObject, pods: readonly AnyObject[]): Promise<AnyObject[]> {
  const selector = json(budget).at('spec', 'selector')
  if (selector.value === undefined || selector.value === null) return []
  const query = encodeURIComponent(queryOf(selector))
  const { body } = await place.cluster.request('GET', `/api/v1/namespaces/${place.name}/pods?labelSelector=${query}`)
  const names = new Set(body.at('items').items.map((pod) => pod.at('metadata', 'name').text))
  return pods.filter((pod) => names.has(pod.metadata?.name ?? ''))
}

function queryOf(selector: Json): string {
  const labels = Object.entries(selector.at('matchLabels').value ?? {}).map(([key, value]) => `${key}=${value}`)
  const requirements = selector.at('matchExpressions').items.map((each) => {
    const key = each.at('key').text
    const values = each
      .at('values')
      .items.map(({ text }) => text)
      .join(',')
    switch (each.at('operator').text) {
      case 'In':
        return `${key} in (${values})`
      case 'NotIn':
        return `${key} notin (${values})`
      case 'Exists':
        return key
      default:
        return `!${key}`
    }
  })
  return [...labels, ...requirements].join(',')
}
