import { brief } from '../../sdk/names.ts'
import type { AnyObject } from '../../sdk/objects.ts'
import { memberOf, recordOf, stringOf } from '../../sdk/shape.ts'
import type { Kustomization } from '../kustomization.ts'
import type { Manifest } from '../manifest.ts'
import type { Problem } from '../problem.ts'
import { applyPatch } from './apply-patches.ts'
import { type Generated, generatedBy } from './generators.ts'
import type { Library } from './library.ts'
import { hashOf } from './name-hash.ts'
import { renameReferences } from './name-references.ts'
import { isOpen, markUnsure, markVariables } from './not-understood.ts'
import { patchesOf, tracedOf } from './patches.ts'
import { Refusal } from './refusal.ts'
import { isSame, Resource } from './resource.ts'
import { addAnnotations, addLabels, setAffixes, setImages, setNamespace, setReplicas } from './transformers.ts'
import { child, elements, type Traced, withChild, withChildren } from './traced.ts'
import { mistypedField } from './typed-fields.ts'

/** What kustomizations are built from. */
export interface Tree {
  /** By the real paths of their folders. */
  readonly kustomizations: ReadonlyMap<string, Kustomization>
  /** By the real paths of their files. */
  readonly manifests: ReadonlyMap<string, readonly Manifest[]>
  readonly library: Library
}

/** What `kubectl kustomize` makes of a kustomization, as far as it is understood here. */
export interface Built {
  readonly resources: readonly Resource[]
  /** Everything that was read for it, also what a patch deletes. */
  readonly read: ReadonlySet<Manifest>
  /** Every kustomization that took part. */
  readonly parts: ReadonlySet<Kustomization>
  /** There are more objects than these. */
  readonly open: boolean
  /** Files of patches that took effect, and of those that did not. */
  readonly applied: ReadonlySet<string>
  readonly unapplied: ReadonlySet<string>
  /** What kustomize would refuse. */
  readonly problems: readonly Problem[]
}

/** Builds a kustomization and everything beneath it, in the order of kustomize (`kustomize/api/internal/target`). */
export function build(root: Kustomization, tree: Tree): Built {
  return new Build(tree).run(root)
}

class Build {
  readonly #tree: Tree
  readonly #read = new Set<Manifest>()
  readonly #parts = new Set<Kustomization>()
  readonly #applied = new Set<string>()
  readonly #unapplied = new Set<string>()
  readonly #refusals: { readonly problem: Problem; readonly absent: boolean }[] = []
  readonly #doubled = new Set<Kustomization>()
  #open = false
  #visits = 0
  // Objects that bases handed on.
  #landed = 0

  constructor(tree: Tree) {
    this.#tree = tree
  }

  run(root: Kustomization): Built {
    // A component is only part of whatever uses it.
    this.#open = root.component
    let resources: Resource[] = []
    this.#accumulate(root, resources, new Set())
    for (const resource of resources) if (resource.hashed) addHash(resource)
    renameReferences(resources)
    for (const { document } of this.#parts) markVariables(document.value, resources)
    resources = resources.filter((resource) => !isLocal(resource))
    return {
      resources,
      read: this.#read,
      parts: this.#parts,
      open: this.#open,
      applied: this.#applied,
      unapplied: this.#unapplied,
      problems: this.#refusals.flatMap(({ problem, absent }) => (absent && this.#open ? [] : problem)),
    }
  }

  #accumulate(kustomization: Kustomization, resources: Resource[], above: Set<Kustomization>): void {
    // Two names for each of thirty bases would make a billion of the last one.
    if (++this.#visits > mostVisits) this.#open = true
    if (this.#visits > mostVisits) return
    above.add(kustomization)
    this.#parts.add(kustomization)
    if (isOpen(kustomization.document.value)) this.#open = true
    const known = new Map(resources.map((resource) => [keyOf(resource), resource]))
    for (const path of kustomization.resources) this.#addResource(kustomization, path, { resources, known }, above)
    const mistyped = mistypedField(kustomization.document.value)
    if (mistyped !== undefined) {
      this.#refuse(kustomization, mistyped, resources)
      above.delete(kustomization)
      return
    }
    for (const generated of generatedBy(kustomization, this.#tree.library))
      this.#attempt(kustomization, generated.path, () => this.#absorb(generated, resources))
    for (const path of kustomization.components) {
      const component = this.#tree.kustomizations.get(path)
      if (!component) this.#open = true
      else if (!this.#isCircle(kustomization, component, above)) this.#accumulate(component, resources, above)
    }
    this.#transform(kustomization, resources)
    above.delete(kustomization)
  }

  #refuse(kustomization: Kustomization, path: string, resources: readonly Resource[]): void {
    this.#open = true
    for (const resource of resources) resource.unsure = true
    this.#attempt(kustomization, path, () => {
      throw new Refusal('a value is of another type than its field takes (text such as on, 1.10 or 0777 needs quotes)')
    })
  }

  #addResource(kustomization: Kustomization, path: string, landed: Landed, above: Set<Kustomization>): void {
    const inner = this.#tree.kustomizations.get(path)
    const manifests = this.#tree.manifests.get(path)
    if (!inner && !manifests) this.#open = true
    for (const manifest of manifests ?? []) {
      this.#read.add(manifest)
      let read: AnyObject | undefined
      this.#attempt(kustomization, '/resources', () => (read = manifest.byKustomize?.()))
      const resource = new Resource(manifest, {
        value: read ?? manifest.object,
        origin: { source: manifest, path: '' },
      })
      if (!read) resource.unsure = true
      this.#append(kustomization, resource, landed)
    }
    if (!inner || this.#isCircle(kustomization, inner, above)) return
    const own: Resource[] = []
    this.#accumulate(inner, own, above)
    this.#landed += own.length
    if (this.#landed > mostLanded) this.#open = true
    else for (const resource of own) this.#append(kustomization, resource, landed)
  }

  // What nobody may apply twice is judged once, and never as sure.
  #append(kustomization: Kustomization, resource: Resource, { resources, known }: Landed): void {
    const twin = resource.name === '' ? undefined : known.get(keyOf(resource))
    if (!twin) {
      resources.push(resource)
      known.set(keyOf(resource), resource)
      return
    }
    twin.unsure = true
    // As kustomize does, the first of them is told.
    if (this.#doubled.has(kustomization)) return
    this.#doubled.add(kustomization)
    this.#attempt(kustomization, '/resources', () => {
      throw new Refusal(`two objects are ${resource.kind} ${brief(resource.name)}`)
    })
  }

  #isCircle(kustomization: Kustomization, inner: Kustomization, above: ReadonlySet<Kustomization>): boolean {
    if (!above.has(inner)) return false
    this.#open = true
    this.#attempt(kustomization, inner.component ? '/components' : '/resources', () => {
      throw new Refusal('it uses itself in a circle')
    })
    return true
  }

  #absorb({ resource, behavior, refusal }: Generated, resources: Resource[]): void {
    const { identity } = resource
    const index = resources.findIndex(({ identities }) => identities.some((known) => isSame(known, identity)))
    const known = resources[index]
    if (known && behavior !== 'create') resources[index] = combined(known, resource, behavior)
    else resources.push(resource)
    if (refusal) throw refusal
    if (known && behavior === 'create') throw new Refusal('what this generator makes is there already')
    if (!known && behavior !== 'create')
      throw new Refusal(`there is nothing that this generator could ${behavior}`, true)
  }

  #transform(kustomization: Kustomization, resources: Resource[]): void {
    const root = tracedOf(kustomization.document)
    this.#patch(kustomization, 'patchesStrategicMerge', resources)
    this.#patch(kustomization, 'patches', resources)
    setNamespace(root, resources)
    setAffixes(root, resources)
    addLabels(root, resources)
    addAnnotations(root, resources)
    this.#patch(kustomization, 'patchesJson6902', resources)
    for (const entry of elements(child(root, 'replicas')))
      this.#attempt(kustomization, entry.origin.path, () => setReplicas(entry, resources))
    for (const field of ['images', 'imageTags'])
      for (const entry of elements(child(root, field)))
        this.#attempt(kustomization, entry.origin.path, () => setImages(entry, resources))
    markUnsure(root.value, resources)
  }

  #patch(
    kustomization: Kustomization,
    field: 'patches' | 'patchesStrategicMerge' | 'patchesJson6902',
    resources: Resource[],
  ): void {
    for (const patch of patchesOf(kustomization, field, this.#tree.library)) {
      const isApplied = this.#attempt(kustomization, patch.path, () =>
        applyPatch(patch, resources, field === 'patches'),
      )
      if (patch.file !== undefined) (isApplied ? this.#applied : this.#unapplied).add(patch.file)
    }
  }

  #attempt({ file, document }: Kustomization, path: string, work: () => void): boolean {
    try {
      work()
      return true
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const message = `kustomize refuses this kustomization: ${error.message}; what lands is not known`
      const problem: Problem = { level: 'warning', code: 'D2_KUSTOMIZATION', file, ...document.locate(path), message }
      this.#refusals.push({ problem, absent: error.absent })
      return false
    }
  }
}

/** What a kustomization has put together so far, and the same by who each is. */
interface Landed {
  readonly resources: Resource[]
  readonly known: Map<string, Resource>
}

function keyOf({ identity: { apiVersion, kind, name, namespace } }: Resource): string {
  return JSON.stringify([apiVersion, kind, name, namespace])
}

const mostVisits = 10_000
const mostLanded = 100_000

// What the first one is called and where it lands, with the data of the second.
function combined(known: Resource, made: Resource, behavior: 'replace' | 'merge'): Resource {
  const result = new Resource(known.manifest, made.object)
  result.previous.push(...known.previous)
  result.prefixes.push(...known.prefixes)
  result.suffixes.push(...known.suffixes)
  result.hashed = known.hashed && made.hashed
  result.incomplete = made.incomplete || (behavior === 'merge' && known.incomplete)
  result.unsure = known.unsure || made.unsure
  const [before, after] = [child(known.object, 'metadata'), child(made.object, 'metadata')]
  let metadata = before
  for (const field of ['labels', 'annotations'])
    if (child(after, field).value !== undefined)
      metadata = withChild(metadata, field, united(child(before, field), child(after, field)))
  result.object = withChild(made.object, 'metadata', metadata)
  if (behavior === 'merge')
    for (const field of ['data', 'binaryData']) {
      const [old, fresh] = [child(known.object, field), child(made.object, field)]
      if (old.value !== undefined) result.object = withChild(result.object, field, united(old, fresh))
    }
  return result
}

function united(under: Traced, over: Traced): Traced {
  return withChildren(
    under,
    Object.keys(recordOf(over.value) ?? {}).map((key) => [key, child(over, key)]),
  )
}

function addHash(resource: Resource): void {
  const hash = hashOf(resource)
  resource.remember()
  const { origin } = child(child(resource.object, 'metadata'), 'name')
  resource.setMetadata('name', { value: `${resource.name}-${hash}`, origin })
}

// An object for tools alone, which kustomize leaves out.
function isLocal(resource: Resource): boolean {
  const mark = memberOf(resource.labels('annotations'), 'config.kubernetes.io/local-config')
  return mark !== undefined && stringOf(mark) !== 'false'
}
