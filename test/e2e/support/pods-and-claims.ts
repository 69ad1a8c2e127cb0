import { waitFor } from '../../control-plane/wait.ts'
import { seen } from './evidence.ts'
import type { Namespace } from './namespace.ts'

export async function conditions(namespace: Namespace, name?: string): Promise<string[]> {
  const pods = name ? [await namespace.get(`pods/${name}`)] : (await namespace.get('pods')).at('items').items
  return pods.flatMap((each) => each.at('status', 'conditions').items.map((condition) => condition.at('message').text))
}

export async function unschedulable(namespace: Namespace, name: string, pattern: RegExp): Promise<string> {
  const text = await waitFor(`Pod ${name} to be found unschedulable`, async () =>
    (await conditions(namespace, name)).find((each) => pattern.test(each)),
  )
  return seen(text ?? '', pattern)
}

export async function event(namespace: Namespace, pattern: RegExp): Promise<string> {
  const text = await waitFor('the event of the claim', async () =>
    (await namespace.events('ProvisioningFailed', 'WaitForFirstConsumer')).find((each) => pattern.test(each)),
  )
  return seen(text ?? '', pattern)
}

/** Waits until a Pod runs, and returns its phase. */
export async function running(namespace: Namespace, name: string): Promise<string> {
  return waitFor(`Pod ${name} to run`, async () => (await namespace.get(`pods/${name}`)).at('status', 'phase').text, {
    until: (phase) => phase === 'Running',
  })
}

export async function phase(namespace: Namespace, claimName: string, wanted: string): Promise<void> {
  const look = async () => (await namespace.get(`persistentvolumeclaims/${claimName}`)).at('status', 'phase').text
  await waitFor(`claim ${claimName} to be ${wanted}`, look, { until: (seen) => seen === wanted })
}

/** Waits until every replica of a Deployment is of its newest template and ready, and returns how many are ready. */
export async function complete(namespace: Namespace, name: string): Promise<unknown> {
  await waitFor(`Deployment ${name} to be complete`, async () => {
    const seen = await namespace.get(`apps/v1/deployments/${name}`)
    const [wanted, observed] = [seen.at('metadata', 'generation').value, seen.at('status', 'observedGeneration').value]
    const [replicas, updated, ready] = [
      seen.at('spec', 'replicas').value,
      seen.at('status', 'updatedReplicas').value,
      seen.at('status', 'readyReplicas').value,
    ]
    return wanted === observed && replicas === updated && replicas === ready
  })
  return (await namespace.get(`apps/v1/deployments/${name}`)).at('status', 'readyReplicas').value
}

export async function podOf(namespace: Namespace, app: string): Promise<string> {
  return await waitFor(`a Pod of ${app}`, async () => {
    const pods = (await namespace.get('pods')).at('items').items
    return pods.find((each) => each.at('metadata', 'labels', 'app').text === app)?.at('metadata', 'name').text ?? ''
  })
}
