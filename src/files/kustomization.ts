import { dirname, resolve } from 'node:path'
import { listOf, memberOf, recordOf, stringOf } from '../sdk/shape.ts'
import type { Document } from './documents.ts'
import { realPath } from './real-path.ts'

/** A kustomization, and what it makes of the files around it. Paths are real ones. */
export interface Kustomization {
  readonly file: string
  readonly folder: string
  /** The folder given that holds it; undefined for a file outside of all of them. */
  readonly root: string | undefined
  readonly document: Document
  /** Part of what uses it, nothing by itself. */
  readonly component: boolean
  /** Files and folders that it puts together. */
  readonly resources: readonly string[]
  /** Folders of components. */
  readonly components: readonly string[]
  /** Files that are patches of what it puts together. */
  readonly patches: readonly string[]
  /** Files that become data of generated ConfigMaps and Secrets. */
  readonly data: readonly string[]
}

/** Reads a kustomization; undefined where the document holds something else. */
export function kustomizationOf(document: Document, root: string | undefined): Kustomization | undefined {
  const record = recordOf(document.value)
  const apiVersion = stringOf(record?.['apiVersion'])
  if (!record || (apiVersion !== undefined && !apiVersion.startsWith('kustomize.config.k8s.io/'))) return undefined
  const { file } = document
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
    root,
    document,
    component: record['kind'] === 'Component',
    resources: ['resources', 'bases'].flatMap((key) => strings(record[key])).map(absolute),
    components: strings(record['components']).map(absolute),
    patches: files.filter((path) => path !== undefined).map(absolute),
    data: data.map(absolute),
  }
}

function strings(value: unknown): string[] {
  return listOf(value).filter((entry) => typeof entry === 'string')
}
