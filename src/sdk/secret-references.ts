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
  return listOf(view.spec.volumes).flatMap((volume, index) => {
    const path = view.path + pointer('volumes', index)
    const sources = listOf(memberOf(memberOf(volume, 'projected'), 'sources'))
    return [
      ...reference(memberOf(volume, 'secret'), 'secretName', `${path}/secret`),
      ...sources.flatMap((source, each) =>
        reference(memberOf(source, 'secret'), 'name', path + pointer('projected', 'sources', each, 'secret')),
      ),
    ]
  })
}

function readSecrets(view: PodSpecView): SecretReference[] {
  return containersOf(view).flatMap(({ container, path }) => [
    ...listOf(container.env).flatMap((entry, index) =>
      reference(
        memberOf(memberOf(entry, 'valueFrom'), 'secretKeyRef'),
        'name',
        path + pointer('env', index, 'valueFrom', 'secretKeyRef'),
      ),
    ),
    ...listOf(container.envFrom).flatMap((entry, index) =>
      reference(memberOf(entry, 'secretRef'), 'name', path + pointer('envFrom', index, 'secretRef')),
    ),
  ])
}

function reference(holder: unknown, field: string, path: string): SecretReference[] {
  const name = stringOf(memberOf(recordOf(holder), field))
  return name ? [{ name, path: `${path}/${field}` }] : []
}
