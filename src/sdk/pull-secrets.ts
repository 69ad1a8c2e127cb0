import { filedUnder, type Filing } from './filed-lists.ts'
import { cloudRegistry, parseImage } from './images.ts'
import { unknown, type Inventory, type Unknown } from './inventory.ts'
import { lastAsked } from './last-asked.ts'
import { nameOf } from './names.ts'
import type { ObjectRef } from './objects.ts'
import { containersOf, podSpecOf, type PodSpecView } from './pod-specs.ts'
import { isRepresented } from './relations.ts'
import { listOf, memberOf, stringOf } from './shape.ts'

/** A reference to a pull secret, of a pod spec or a ServiceAccount. */
export interface PullSecretRef {
  readonly name: string
  /** Place in the list. */
  readonly index: number
}

/** The pull secrets that a pod spec or a ServiceAccount lists. The API server lets entries without a name stand. */
export function pullSecretsOf(holder: { readonly imagePullSecrets?: unknown }): readonly PullSecretRef[] {
  return listOf(holder.imagePullSecrets).flatMap((entry, index) => {
    const name = stringOf(memberOf(entry, 'name')) ?? ''
    return name === '' ? [] : [{ name, index }]
  })
}

/** An image of a container, the registry that it comes from, and where the image stands. */
export interface PulledImage {
  readonly container: string
  readonly path: string
  /** Unknown where a `${VARIABLE}` hides it. */
  readonly host: string | Unknown
  /** What a pull secret of the registry opens: the host, or on a public one the organisation (`quay.io/team`). */
  readonly realm: string | Unknown
}

/** The images of every container, those left out that are no image references. */
export function pulledImages(view: PodSpecView): readonly PulledImage[] {
  return imagesOf(view, undefined)
}

const imagesOf = lastAsked((view: PodSpecView, _: undefined): readonly PulledImage[] =>
  containersOf(view).flatMap(({ container, path, name }) => {
    const image = parseImage(container.image)
    if (!image) return []
    const { host, repository } = image
    return { container: name, path: `${path}/image`, host, realm: realmOf(host, repository) }
  }),
)

/**
 * The registries of the images if nodes pull all of them by an identity of their own (the credential providers of the
 * kubelet); undefined where one comes from another registry, from an account of `foreignAccounts`, or is no image.
 */
export function cloudHosts(
  view: PodSpecView,
  foreignAccounts: readonly string[],
): readonly string[] | Unknown | undefined {
  const images = pulledImages(view)
  if (images.length === 0 || images.length < containersOf(view).length) return undefined
  const hosts = new Set<string>()
  let unsure = false
  for (const { host } of images) {
    const registry = host === unknown ? undefined : cloudRegistry(host)
    if (host === unknown) unsure = true
    else if (!registry || foreignAccounts.includes(registry.account ?? '')) return undefined
    else hosts.add(host)
  }
  return unsure ? unknown : [...hosts]
}

/** Kinds whose pull secrets say which registries are private. */
export const pullingKinds = ['CronJob', 'DaemonSet', 'Deployment', 'Job', 'Rollout', 'StatefulSet'] as const
export type PullingKind = (typeof pullingKinds)[number]

/**
 * A workload of this namespace that pulls from the same realm, and from no other that may be private, with pull secrets.
 */
export function pullerWithSecret(
  realm: string,
  namespace: string,
  inventory: Inventory<PullingKind>,
): ObjectRef | undefined {
  for (const kind of pullingKinds) {
    const listed = inventory.list(kind, namespace)
    if (listed === unknown) continue
    const found = filedUnder(listed, filings[kind], [realm]).find((workload) => !inventory.uncertain(workload))
    if (found) return { kind, namespace, name: nameOf(found) }
  }
  return undefined
}

const filings = {
  CronJob: filingOf('CronJob'),
  DaemonSet: filingOf('DaemonSet'),
  Deployment: filingOf('Deployment'),
  Job: filingOf('Job'),
  Rollout: filingOf('Rollout'),
  StatefulSet: filingOf('StatefulSet'),
} as const

function filingOf(kind: PullingKind): Filing<object> {
  return (workload) => {
    const view = podSpecOf(kind, workload)
    if (!view || pullSecretsOf(view.spec).length === 0 || isRepresented(kind, workload)) return []
    const realms = new Set(pulledImages(view).flatMap(({ host, realm }) => (mayBePrivate(host) ? [realm] : [])))
    const [realm] = realms
    return realms.size === 1 && typeof realm === 'string' ? [realm] : []
  }
}

/** False for a registry that everybody may pull from, and for one that nodes pull from by an identity of their own. */
export function mayBePrivate(host: string | Unknown): boolean {
  return host === unknown || !(open.has(host) || cloudRegistry(host))
}

const open: ReadonlySet<string> = new Set([
  'mcr.microsoft.com',
  'registry.k8s.io',
  'k8s.gcr.io',
  'registry.access.redhat.com',
])

// On these anybody keeps images, public and private ones.
const shared: ReadonlySet<string> = new Set(['docker.io', 'ghcr.io', 'quay.io', 'registry.gitlab.com'])

function realmOf(host: string | Unknown, repository: string | Unknown): string | Unknown {
  if (host === unknown || !shared.has(host)) return host
  return repository === unknown ? unknown : `${host}/${repository.slice(0, Math.max(0, repository.indexOf('/')))}`
}
