import type { Cluster } from '../../control-plane/cluster.ts'
import { waitFor } from '../../control-plane/wait.ts'
import { settled } from './drain.ts'
import { findingOf, record, seen, type Proof } from './evidence.ts'
import { openNamespace, type Namespace } from './namespace.ts'
import type { Webhook } from './webhook.ts'

/** A workload that the API server accepts, and of whose Pods, or claims, it refuses some later. */
export interface RefusedPods extends Pick<Proof, 'rule' | 'name' | 'applied' | 'mended'> {
  /** Names its namespaces. */
  readonly id: string
  /** What is there before. */
  readonly before: readonly object[]
  readonly faulty: object
  readonly outage?: string
  readonly by?: string
  /** What the event FailedCreate says, without generated names. */
  readonly refused: RegExp
  readonly finding: RegExp
  /** What the finding says to type: the workload, or what is there beside it. */
  readonly typed: (finding: string) => { readonly beside?: object; readonly workload: object }
  /** How many Pods there are all the same; 0 unless told otherwise. */
  readonly left?: number
  /** Resolves once all runs. By default the Deployment `web` does. */
  readonly healthy?: (namespace: Namespace) => Promise<unknown>
}

interface Assertions {
  equal(found: unknown, wanted: unknown, message: string): unknown
  match(found: unknown, wanted: RegExp): unknown
}

/** The three acts of such a workload: without the webhook, with it, and with what it says. */
export async function proveRefused(
  t: Assertions,
  cluster: Cluster,
  webhook: Webhook,
  proof: RefusedPods,
): Promise<void> {
  const { rule, name, id, applied, mended, healthy = settled } = proof

  const outage = async (): Promise<string> => {
    const open = await openNamespace(cluster, id)
    for (const object of [...proof.before, proof.faulty]) await open.accept(object)
    const events = await waitFor(`a Pod of ${id} to be refused`, () => open.events('FailedCreate'), {
      until: (messages) => messages.some((message) => proof.refused.test(message)),
    })
    t.equal((await open.get('pods')).at('items').items.length, proof.left ?? 0, 'so many Pods exist, and no more')
    return seen(events.join('\n'), proof.refused)
  }

  const guarded = async (): Promise<string> => {
    const namespace = await openNamespace(cluster, `${id}-mended`, webhook.name)
    for (const object of proof.before) await namespace.accept(object)
    const finding = findingOf(await told(namespace, rule, proof.faulty), rule)
    t.match(finding, proof.finding)
    const { beside, workload } = proof.typed(finding)
    if (beside) await namespace.accept(beside)
    await silent(namespace, rule, workload)
    await namespace.accept(workload)
    await healthy(namespace)
    return finding
  }

  const [message, finding] = await Promise.all([outage(), guarded()])
  record({
    rule,
    name,
    applied,
    outage: proof.outage ?? 'the Deployment is accepted and has no Pod',
    by: proof.by ?? 'ReplicaSet controller, event FailedCreate',
    message,
    finding,
    mended,
  })
}

/** What a user reads who applies an object, once the webhook knows all that was applied before. Nothing is stored. */
export async function told(namespace: Namespace, rule: string, object: object): Promise<string> {
  const { stderr } = await waitFor(`the webhook to speak of ${rule}`, () => tried(namespace, object), {
    until: ({ stderr }) => stderr.includes(`[${rule}]`),
  })
  return stderr
}

/** Waits until the webhook has nothing more to say of an object, by a rule. */
export async function silent(namespace: Namespace, rule: string, object: object): Promise<void> {
  await waitFor(`the webhook to say no more of ${rule}`, () => tried(namespace, object), {
    until: ({ code, stderr }) => code === 0 && !stderr.includes(`[${rule}]`),
  })
}

function tried(namespace: Namespace, object: object): ReturnType<Namespace['kubectl']> {
  return namespace.kubectl(['create', '--dry-run=server', '-f', '-'], { input: JSON.stringify(object) })
}
