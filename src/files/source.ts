import { memberOf, stringOf } from '../sdk/shape.ts'

/**
 * The file that a rendered object came from: the `# Source:` line that `helm template` writes above it, or the
 * annotation that kustomize writes with `buildMetadata: [originAnnotations]`.
 */
export function sourceOf(text: string, object: unknown): string | undefined {
  const helm = /^\s*# Source: (\S.*)/.exec(text.slice(0, 500))
  if (helm) return helm[1]?.trimEnd()
  const annotations = memberOf(memberOf(object, 'metadata'), 'annotations')
  const origin = stringOf(memberOf(annotations, 'config.kubernetes.io/origin')) ?? ''
  return /^path: (\S+)$/m.exec(origin)?.[1]
}
