import { containersOf, type PodSpecView } from './pod-specs.ts'
import { pointer } from './pointer.ts'
import { listOf, memberOf, recordOf, stringOf } from './shape.ts'

/** A place where a pod spec names a Secret whose values its containers get. */
export interface SecretReference {
  readonly name: string
  /** JSON pointer of the name from the root of the object. */
  readonly path: string
}

/** The Secrets that a pod spec mounts or reads into variables, place by place. Pull secrets go to the kubelet only. */
export function secretReferences(view: PodSpecView): readonly SecretReference[] {
  return [...mountedSecrets(view), ...readSecrets(view)]
}

function mountedSecrets(view: PodSpecView): SecretReference[] {
  const found: SecretReference[] = []
  listOf(view.spec.volumes).forEach((volume, index) => {
    add(found, memberOf(volume, 'secret'), 'secretName', view.path, 'volumes', index, 'secret')
    listOf(memberOf(memberOf(volume, 'projected'), 'sources')).forEach((source, each) =>
      add(
        found,
        memberOf(source, 'secret'),
        'name',
        view.path,
        'volumes',
        index,
        'projected',
        'sources',
        each,
        'secret',
      ),
    )
  })
  return found
}

function readSecrets(view: PodSpecView): SecretReference[] {
  const found: SecretReference[] = []
  for (const { container, path, environment } of containersOf(view)) {
    for (const index of environment.sourced) {
      const from = memberOf(memberOf(environment.entries[index], 'valueFrom'), 'secretKeyRef')
      if (from !== undefined) add(found, from, 'name', path, 'env', index, 'valueFrom', 'secretKeyRef')
    }
    listOf(container.envFrom).forEach((entry, index) =>
      add(found, memberOf(entry, 'secretRef'), 'name', path, 'envFrom', index, 'secretRef'),
    )
  }
  return found
}

/** Adds a reference if there is one; the pointer is made only then. */
function add(
  found: SecretReference[],
  holder: unknown,
  field: string,
  path: string,
  ...segments: readonly (string | number)[]
): void {
  const name = stringOf(memberOf(recordOf(holder), field))
  if (name) found.push({ name, path: `${path}${pointer(...segments)}/${field}` })
}
