import { dirname } from 'node:path'
import { readDocuments } from '../documents.ts'
import type { Kustomization } from '../kustomization.ts'
import { type Manifest, manifestsOf } from '../manifest.ts'
import { type Problem, problemOf } from '../problem.ts'
import type { Variant } from './variants.ts'

/** Renders a folder with a kustomization: the text of all that lands, or why there is none, in one line. */
export type Render = (folder: string) => Promise<{ readonly text: string } | { readonly failure: string }>

export interface Rendered {
  readonly variants: Variant[]
  /** What was rendered, and what that stands for. */
  readonly manifests: Manifest[]
  readonly replaced: Set<Manifest>
  readonly problems: Problem[]
}

/** The roots as somebody else renders them, instead of what is understood here; a component is rendered where it is used. */
export async function rendered(variants: readonly Variant[], render: Render): Promise<Rendered> {
  const result: Rendered = { variants: [], manifests: [], replaced: new Set(), problems: [] }
  for (const variant of variants) {
    const { kustomization } = variant
    if (kustomization.component) {
      result.variants.push(variant)
      continue
    }
    const answer = await render(dirname(kustomization.file))
    const { manifests, problems } =
      'text' in answer ? objectsIn(answer.text, kustomization) : failedBy(answer.failure, kustomization)
    const objects = manifests.map((manifest) => ({ manifest, written: manifest, unsure: false }))
    result.variants.push({ ...variant, objects, open: false, unapplied: new Set() })
    result.manifests.push(...manifests)
    for (const manifest of variant.read) result.replaced.add(manifest)
    result.problems.push(...problems)
  }
  return result
}

type Objects = Pick<Rendered, 'manifests' | 'problems'>

function objectsIn(text: string, { file, root }: Kustomization): Objects {
  const { documents, problems } = readDocuments(`${dirname(file)} (rendered)`, text)
  return { manifests: documents.flatMap((document) => manifestsOf(document, root).manifests), problems: [...problems] }
}

function failedBy(failure: string, { file }: Kustomization): Objects {
  return { manifests: [], problems: [problemOf('D2_KUSTOMIZE_FAILED', dirname(file), failure)] }
}
