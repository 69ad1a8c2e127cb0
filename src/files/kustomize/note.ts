import type { Kustomization } from '../kustomization.ts'
import type { Problem } from '../problem.ts'
import type { Tree } from './build.ts'
import { notUnderstood } from './not-understood.ts'

/** One line on all kustomizations that do more than is understood here; none where there is none. */
export function noteOf({ kustomizations, manifests }: Tree): Problem[] {
  const all = [...kustomizations.values()]
  const isMissing = (path: string) => !kustomizations.has(path) && !manifests.has(path)
  const lacking = ({ resources, components }: Kustomization) => [...resources, ...components].some(isMissing)
  const wanting = all.filter((one) => lacking(one) || notUnderstood(one.document.value).length > 0)
  const [first, ...others] = wanting
  if (!first) return []
  const fields = new Set(wanting.flatMap((one) => notUnderstood(one.document.value)))
  const what = [
    ...(fields.size > 0 ? [`uses ${[...fields].join(', ')}`] : []),
    ...(wanting.some(lacking) ? ['names resources that are not here'] : []),
  ]
  const more = others.length > 0 ? ` (and ${others.length} more)` : ''
  return [
    {
      level: 'warning',
      code: 'D2_KUSTOMIZATION',
      file: first.file,
      message: `this kustomization${more} ${what.join(' and ')}: what these add is not seen, what they may change is warned about at most; to check all that lands: day2 check --kustomize DIR`,
    },
  ]
}
