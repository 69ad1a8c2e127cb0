import { json, type Json } from '../../control-plane/client.ts'
import type { Cluster } from '../../control-plane/cluster.ts'
import { waitFor } from '../../control-plane/wait.ts'

const webhooks = ['cluster.day2-admission.dev', 'namespaced.day2-admission.dev', 'system.day2-admission.dev']

export interface Audited {
  readonly namespace: string
  readonly name: string
}

/** The last event of the API server's audit log about an object that passes the test. */
export function auditedEvent(
  cluster: Cluster,
  { namespace, name }: Audited,
  passes: (event: Json) => boolean = () => true,
): Promise<Json> {
  return waitFor(
    `an audit event about ${namespace}/${name}`,
    async () => {
      const events = (await cluster.auditLog()).filter((event) => {
        const ref = event.at('objectRef')
        return ref.at('namespace').text === namespace && ref.at('name').text === name && passes(event)
      })
      return events.at(-1) ?? json(undefined)
    },
    { until: (event) => event.value !== undefined },
  )
}

/** True if the audit log has a finding of a rule about an object, of whatever severity. */
export async function isAudited(cluster: Cluster, { namespace, name }: Audited, rule: string): Promise<boolean> {
  return (await cluster.auditLog()).some((event) => {
    const ref = event.at('objectRef')
    if (ref.at('namespace').text !== namespace || ref.at('name').text !== name) return false
    return annotation(event, 'findings').includes(`"${rule}"`)
  })
}

/** An annotation of ours on an audit event, under whichever entry of the configuration. */
export function annotation(event: Json, key: string): string {
  return webhooks.map((webhook) => event.at('annotations', `${webhook}/${key}`).text).find(Boolean) ?? ''
}

/** The findings that the audit log holds about an object. */
export async function auditedFindings(cluster: Cluster, object: Audited): Promise<unknown> {
  const event = await auditedEvent(cluster, object, (each) => annotation(each, 'findings') !== '')
  return JSON.parse(annotation(event, 'findings'))
}
