import type { AnyObject } from '../sdk/objects.ts'
import type { Kustomization, PatchTarget } from './kustomization.ts'
import { type ImageChange, withImages } from './kustomized-images.ts'
import type { Manifest } from './manifest.ts'
import type { Contents } from './read.ts'
import { realPath } from './real-path.ts'
import { mayMatch } from './target-pattern.ts'

/** Objects that land together, and are one inventory: those of a kustomization, of a folder, or the files named. */
export interface Scope {
  /** The kustomization or the folder given; '' for files named one by one. */
  readonly name: string
  readonly members: readonly Member[]
}

export interface Member {
  readonly manifest: Manifest
  /** What lands: the object of the manifest with the images that the kustomizations give it. */
  readonly object: AnyObject
  /** Where it lands; '' for cluster-scoped kinds. */
  readonly namespace: string
  /** A patch is aimed at it: what it says is not all that lands. */
  readonly patched: boolean
}

/**
 * Groups objects by what lands together: a tree of folders holds alternatives and overlays, so it is not one cluster.
 * Each kustomization that no other puts together is a scope of its own; an object may be in several.
 */
export function scopesOf(contents: Pick<Contents, 'manifests' | 'kustomizations'>, namespace: string): Scope[] {
  const { manifests, kustomizations } = contents
  const tree: Tree = {
    files: new Map([...groupBy(manifests, ({ file }) => file)].map(([file, group]) => [realPath(file), group])),
    folders: new Map(kustomizations.map((kustomization) => [kustomization.folder, kustomization])),
    visited: new Set(),
  }
  const used = new Set(kustomizations.flatMap((kustomization) => kustomization.resources))
  const roots = kustomizations.filter(({ folder }) => !used.has(folder))
  const scopes: Scope[] = []
  const taken = new Set<Manifest>()
  // Kustomizations that use each other in a circle have no root: any of them begins.
  for (const root of [...roots, ...kustomizations.filter(({ folder }) => used.has(folder))]) {
    if (!roots.includes(root) && tree.visited.has(root)) continue
    const gathered: Gathered = { landings: new Map(), targets: [] }
    gather(root, asWritten, tree, gathered, new Set())
    for (const manifest of gathered.landings.keys()) taken.add(manifest)
    scopes.push({ name: root.file, members: membersOf(gathered, namespace) })
  }
  const rest = manifests.filter((manifest) => !taken.has(manifest))
  for (const [root, group] of groupBy(rest, (manifest) => manifest.root ?? '')) {
    const landings = new Map(group.map((manifest) => [manifest, asWritten]))
    scopes.push({ name: root, members: membersOf({ landings, targets: [] }, namespace) })
  }
  return scopes
}

interface Tree {
  readonly files: ReadonlyMap<string, readonly Manifest[]>
  readonly folders: ReadonlyMap<string, Kustomization>
  readonly visited: Set<Kustomization>
}

interface Gathered {
  /** Each object with what the kustomizations make of it. */
  readonly landings: Map<Manifest, Landing>
  readonly targets: PatchTarget[]
}

interface Landing {
  /** Undefined where no kustomization sets one. */
  readonly namespace: string | undefined
  /** Those of the innermost kustomization first. */
  readonly images: readonly ImageChange[]
}

const asWritten: Landing = { namespace: undefined, images: [] }

// The outermost kustomization that sets a namespace decides, over what the objects themselves say.
function gather(
  kustomization: Kustomization,
  outer: Landing,
  tree: Tree,
  gathered: Gathered,
  above: Set<Kustomization>,
): void {
  if (above.has(kustomization)) return
  tree.visited.add(kustomization)
  above.add(kustomization)
  const landing = {
    namespace: outer.namespace ?? kustomization.namespace,
    images: [...kustomization.images, ...outer.images],
  }
  gathered.targets.push(...kustomization.targets)
  for (const path of [...kustomization.resources, ...kustomization.patches]) {
    const inner = tree.folders.get(path)
    if (inner) gather(inner, landing, tree, gathered, above)
    for (const manifest of tree.files.get(path) ?? []) gathered.landings.set(manifest, landing)
  }
  above.delete(kustomization)
}

function membersOf({ landings, targets }: Gathered, fallback: string): Member[] {
  return [...landings].map(([manifest, { namespace, images }]) => ({
    manifest,
    object: withImages(manifest.kind, manifest.object, images),
    namespace: manifest.info && !manifest.info.namespaced ? '' : (namespace ?? manifest.namespace ?? fallback),
    patched: targets.some((target) => isAimedAt(target, manifest)),
  }))
}

function isAimedAt({ kind, name }: PatchTarget, manifest: Manifest): boolean {
  return mayMatch(kind ?? '', manifest.kind) && mayMatch(name ?? '', manifest.name)
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}
