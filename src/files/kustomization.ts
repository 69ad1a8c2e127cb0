import { dirname, resolve } from 'node:path'
import { listOf, memberOf, recordOf, stringOf } from '../sdk/shape.ts'
import { type ImageChange, imageChangesOf } from './kustomized-images.ts'
import { realPath } from './real-path.ts'

/** What of a kustomization decides how the files around it are to be understood. Paths are real ones. */
export interface Kustomization {
  readonly file: string
  readonly folder: string
  readonly namespace: string | undefined
  /** Files and folders that it puts together: resources, bases, components. */
  readonly resources: readonly string[]
  /** Files that are patches of what it puts together. */
  readonly patches: readonly string[]
  /** What patches are aimed at; a part left out means any. */
  readonly targets: readonly PatchTarget[]
  /** Files that become data of generated ConfigMaps and Secrets, or values of charts. */
  readonly data: readonly string[]
  /** What becomes of images; applied to what lands. */
  readonly images: readonly ImageChange[]
  /** It changes what it puts together in other ways: what lands differs from what is judged. */
  readonly changes: boolean
}

export interface PatchTarget {
  readonly kind: string | undefined
  readonly name: string | undefined
}

/** Reads a kustomization; undefined where the file holds something else. */
export function kustomizationOf(file: string, value: unknown): Kustomization | undefined {
  const record = recordOf(value)
  const apiVersion = stringOf(record?.['apiVersion'])
  if (!record || (apiVersion !== undefined && !apiVersion.startsWith('kustomize.config.k8s.io/'))) return undefined
  const folder = realPath(dirname(file))
  const patches = [...listOf(record['patches']), ...listOf(record['patchesJson6902'])]
  const strategic = strings(record['patchesStrategicMerge'])
  const files = [
    ...patches.map((patch) => stringOf(memberOf(patch, 'path'))),
    ...strategic.filter((text) => !text.includes('\n')),
  ]
  const generators = [...listOf(record['configMapGenerator']), ...listOf(record['secretGenerator'])]
  const data = generators.flatMap((generator) => [
    ...strings(memberOf(generator, 'files')).map((entry) => entry.slice(entry.indexOf('=') + 1)),
    ...strings(memberOf(generator, 'envs')),
  ])
  const absolute = (path: string) => realPath(resolve(folder, path))
  return {
    file,
    folder,
    namespace: stringOf(record['namespace']) || undefined,
    resources: ['resources', 'bases', 'components', 'crds'].flatMap((key) => strings(record[key])).map(absolute),
    patches: files.filter((path) => path !== undefined).map(absolute),
    targets: patches.flatMap((patch) => targetOf(memberOf(patch, 'target'))),
    data: data.map(absolute),
    images: imageChangesOf(record['images']),
    changes: changing.some((key) => listOf(record[key]).length > 0),
  }
}

const changing = [
  'patches',
  'patchesStrategicMerge',
  'patchesJson6902',
  'replicas',
  'replacements',
  'components',
  'transformers',
]

function targetOf(target: unknown): PatchTarget[] {
  if (!recordOf(target)) return []
  return [{ kind: stringOf(memberOf(target, 'kind')), name: stringOf(memberOf(target, 'name')) }]
}

function strings(value: unknown): string[] {
  return listOf(value).filter((entry) => typeof entry === 'string')
}
