import { buildInventory, type Entry } from '../inventory/files.ts'
import type { Manifest } from '../files/manifest.ts'
import type { Paint } from '../report/paint.ts'
import type { InventorySource } from '../sdk/inventory.ts'
import type { Policy } from '../sdk/policy.ts'
import { admit, defaulted, type Created, type WebhookAddress } from './as-api-server.ts'
import { kubectlOutput } from './as-kubectl.ts'
import type { ExampleFolder } from './examples-folder.ts'

export interface Demonstration {
  readonly address: WebhookAddress
  readonly policies: readonly Policy[]
  readonly paint: Paint
  readonly write: (text: string) => void
  /** Makes the webhook see these objects as the cluster's. */
  readonly setInventory: (inventory: InventorySource) => void
}

/** Sends the examples through the webhook, one file after the other, and writes what kubectl would show. */
export async function demonstrate(folders: readonly ExampleFolder[], demonstration: Demonstration): Promise<void> {
  const { paint, write, policies } = demonstration
  for (const { rule, existing, files } of folders) {
    const summary = policies.find(({ id }) => id === rule)?.summary
    write(`${paint('bold', `# ${rule}`)}${summary === undefined ? '' : `: ${summary}`}\n`)
    for (const { path, manifests } of files) {
      write(`$ kubectl apply -f ${path}\n`)
      const cluster = existing.flatMap((manifest) => entryOf(manifest, createdOf(manifest)))
      for (const manifest of manifests) {
        demonstration.setInventory(buildInventory(cluster, { complete: true }))
        const admitted = await show(rule, path, manifest, demonstration)
        if (admitted) cluster.push(...entryOf(manifest, admitted))
      }
    }
    write('\n')
  }
}

async function show(
  rule: string,
  path: string,
  manifest: Manifest,
  { address, paint, write }: Demonstration,
): Promise<Created | undefined> {
  const created = createdOf(manifest)
  const response = await admit(address, created)
  // The names in the configuration of manifests/.
  const webhook = `${created.namespace === '' ? 'cluster' : 'namespaced'}.day2-admission.dev`
  write(`${kubectlOutput(path, webhook, created, response, paint)}\n`)
  const findings = response.auditAnnotations?.['findings'] ?? '[]'
  // What is only recorded, kubectl shows to nobody; without this line the example would seem to do nothing.
  if (response.allowed && !response.warnings && findings.includes(`"rule":"${rule}"`))
    write(`${paint('dim', `# kept for the audit log: ${findings}`)}\n`)
  return response.allowed ? created : undefined
}

function createdOf({ object, apiVersion, kind, info, name, namespace }: Manifest): Created {
  const isNamespaced = info?.namespaced ?? true
  const into = isNamespaced ? (namespace ?? 'default') : ''
  const resource = info?.resource ?? `${kind.toLowerCase()}s`
  return { object: defaulted(object, kind, into), apiVersion, kind, resource, namespace: into, name }
}

function entryOf({ info }: Manifest, { object, namespace, name }: Created): Entry[] {
  return info ? [{ kind: info.kind, namespace, name, object }] : []
}
