import { memberOf, stringOf } from '../sdk/shape.ts'
import type { Variant } from './kustomize/variants.ts'
import type { Manifest } from './manifest.ts'
import type { Contents } from './read.ts'
import { realPath } from './real-path.ts'

/** Objects that land together, and are one inventory: those of a kustomization, of a folder, or the files named. */
export interface Scope {
  /** The kustomization or the folder given; '' for files named one by one. */
  readonly name: string
  readonly members: readonly Member[]
  /** More objects land with them than were read. */
  readonly open: boolean
}

export interface Member {
  /** What lands. */
  readonly manifest: Manifest
  /** What stands in a file; the same where no kustomization changes it. */
  readonly written: Manifest
  /** Where it lands; '' for cluster-scoped kinds. */
  readonly namespace: string
  /** Its kustomization changes it in a way that is not understood: what lands may differ. */
  readonly unsure: boolean
}

/**
 * Groups objects by what lands together: a tree of folders holds alternatives and overlays, so it is not one cluster.
 * Each kustomization that no other puts together is a scope of its own; an object may be in several.
 */
export function scopesOf(
  { manifests, kustomizations, variants }: Pick<Contents, 'manifests' | 'kustomizations' | 'variants'>,
  namespace: string,
): Scope[] {
  const patchFiles = new Set(kustomizations.flatMap(({ patches }) => patches))
  const patches = new Map<string, Manifest[]>()
  if (patchFiles.size > 0)
    for (const [file, group] of groupBy(manifests, ({ file }) => file))
      if (patchFiles.has(realPath(file)))
        patches.set(
          realPath(file),
          group.filter(({ partial }) => partial),
        )
  const taken = new Set([...patches.values()].flat())
  const scopes = variants.map((variant): Scope => {
    for (const manifest of [...variant.read, ...variant.objects.map(({ written }) => written)]) taken.add(manifest)
    return { name: variant.kustomization.file, members: membersOf(variant, patches, namespace), open: variant.open }
  })
  const rest = manifests.filter((manifest) => !taken.has(manifest))
  for (const [root, group] of groupBy(rest, (manifest) => manifest.root ?? ''))
    scopes.push({ name: root, members: group.map((manifest) => asWritten(manifest, namespace)), open: false })
  return scopes
}

// A patch that changes nothing here may belong to something that is not here: it is judged for what it says.
function membersOf(
  { kustomization, objects, unapplied }: Variant,
  patches: ReadonlyMap<string, readonly Manifest[]>,
  namespace: string,
): Member[] {
  const own = stringOf(memberOf(kustomization.document.value, 'namespace')) || namespace
  return [
    ...objects.map((landed) => ({ ...landed, namespace: namespaceOf(landed.manifest, namespace) })),
    ...[...unapplied].flatMap((file) => (patches.get(file) ?? []).map((manifest) => asWritten(manifest, own))),
  ]
}

function asWritten(manifest: Manifest, namespace: string): Member {
  return { manifest, written: manifest, namespace: namespaceOf(manifest, namespace), unsure: false }
}

function namespaceOf({ info, namespace }: Manifest, fallback: string): string {
  return info && !info.namespaced ? '' : (namespace ?? fallback)
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
