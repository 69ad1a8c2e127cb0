import { waitFor } from '../control-plane/wait.ts'
import { priorityClasses } from './admission-plans.ts'
import type { Place } from './place.ts'

/** Makes the priority classes that random Pods name, and waits until the API server knows them. */
export async function makePriorityClasses(place: Place): Promise<void> {
  for (const [index, name] of priorityClasses.entries()) {
    const object = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value: index + 1 }
    // Cases share them: whoever comes first makes them.
    await place.cluster.request('POST', '/apis/scheduling.k8s.io/v1/priorityclasses', object)
    const spec = { containers: [{ name: 'web', image: 'registry.example/web:1.0' }], priorityClassName: name }
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'asks' }, spec }
    await waitFor(`priority class ${name}`, async () => (await place.post(pod, 'dryRun=All')).status === 201)
  }
}
