import { findKind, groupOf } from '../../sdk/kinds.ts'
import { memberOf, recordOf, stringOf } from '../../sdk/shape.ts'
import type { Kustomization } from '../kustomization.ts'
import type { Manifest } from '../manifest.ts'
import { asCurrent } from '../old-versions.ts'
import { isPartial } from '../partial.ts'
import type { Problem } from '../problem.ts'
import { realPath } from '../real-path.ts'
import { build, type Tree } from './build.ts'
import { type KnownFile, Library } from './library.ts'
import { noteOf } from './note.ts'
import type { Resource } from './resource.ts'
import { changesAt, placeOf } from './traced.ts'

/** What lands by one kustomization that no other puts together. */
export interface Variant {
  readonly kustomization: Kustomization
  readonly objects: readonly Landed[]
  /** What was read for them, also what does not land. */
  readonly read: ReadonlySet<Manifest>
  /** There are more objects than these. */
  readonly open: boolean
  /** Patches that found nothing to change here, by their real paths. */
  readonly unapplied: ReadonlySet<string>
}

export interface Landed {
  /** The object as it lands; its places are those of the texts that its values come from. */
  readonly manifest: Manifest
  /** The object as it was written, or the generator that made it. */
  readonly written: Manifest
  /** Something changes it that is not understood: what lands may differ. */
  readonly unsure: boolean
}

export interface AllBuilt {
  readonly variants: Variant[]
  /** What kustomize would refuse, and what is not understood here. */
  readonly problems: Problem[]
  /** The objects that generators make, each once. */
  readonly generated: Manifest[]
}

/**
 * Builds every root among the kustomizations; of those that use each other in a circle, any begins. `files` are those
 * that were read, by their real paths.
 */
export function buildAll(
  { kustomizations: all, manifests }: { kustomizations: readonly Kustomization[]; manifests: readonly Manifest[] },
  files: ReadonlyMap<string, KnownFile>,
): AllBuilt {
  const tree = treeOf(all, manifests, files)
  const used = new Set(all.flatMap(({ resources, components }) => [...resources, ...components]))
  const roots = all.filter(({ folder }) => !used.has(folder))
  const visited = new Set<Kustomization>()
  const variants: Variant[] = []
  const problems = new Map<string, Problem>()
  for (const root of [...roots, ...all.filter(({ folder }) => used.has(folder))]) {
    if (!roots.includes(root) && visited.has(root)) continue
    const { resources, parts, applied, unapplied, problems: found, read, open } = build(root, tree)
    for (const part of parts) visited.add(part)
    for (const problem of found)
      problems.set([problem.file, problem.line, problem.column, problem.message].join('\n'), problem)
    variants.push({
      kustomization: root,
      objects: resources.map(landed),
      read,
      open,
      unapplied: new Set([...unapplied].filter((file) => !applied.has(file))),
    })
  }
  const written = new Set(manifests)
  const generated = new Set(variants.flatMap(({ objects }) => objects.map((landed) => landed.written)))
  return {
    variants,
    problems: [...problems.values(), ...noteOf(tree)],
    generated: [...generated].filter((one) => !written.has(one)),
  }
}

function treeOf(
  all: readonly Kustomization[],
  manifests: readonly Manifest[],
  read: ReadonlyMap<string, KnownFile>,
): Tree {
  const files = new Map<string, Manifest[]>([...read.keys()].map((path) => [path, []]))
  const paths = new Map<string, string>()
  for (const manifest of manifests) {
    const path = paths.get(manifest.file) ?? realPath(manifest.file)
    paths.set(manifest.file, path)
    files.get(path)?.push(manifest)
  }
  return {
    kustomizations: new Map(all.map((kustomization) => [kustomization.folder, kustomization])),
    manifests: files,
    library: new Library(read),
  }
}

function landed({ manifest, object: traced, apiVersion, kind, name, namespace, unsure }: Resource): Landed {
  const info = findKind(groupOf(apiVersion), kind)
  const record = recordOf(traced.value) ?? {}
  const object = info ? asCurrent(apiVersion, record) : record
  return {
    written: manifest,
    unsure,
    manifest: {
      ...manifest,
      object,
      apiVersion,
      kind,
      info,
      partial: info !== undefined && isPartial(info.kind, object),
      namespace: namespace || undefined,
      name: stringOf(memberOf(memberOf(object, 'metadata'), 'name')) ?? name,
      locate: (path) => placeOf(traced, path),
      changes: (path) => changesAt(traced, path),
    },
  }
}
