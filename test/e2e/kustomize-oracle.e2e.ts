import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import { readDocuments } from '../../src/files/documents.ts'
import { readPaths } from '../../src/files/read.ts'
import { memberOf, recordOf, stringOf } from '../../src/sdk/shape.ts'
import { findBinaries } from '../control-plane/binaries.ts'
import { builtTrees, type KustomizeTree, refusedTrees } from '../support/kustomize-trees.ts'
import { randomTrees } from '../support/random-kustomizations.ts'

t.test('what kubectl kustomize makes of a tree is what we make of it', async (t) => {
  for (const tree of builtTrees) {
    const [ours, theirs] = await bothOf(t.testdir(), tree)
    if (theirs instanceof Error) t.fail(`${tree.name}: ${theirs.message}`)
    else t.strictSame(ours.objects, theirs, tree.name)
    t.strictSame(ours.problems, [], tree.name)
  }
})

t.test('what kubectl kustomize refuses is said', async (t) => {
  for (const tree of refusedTrees) {
    const [ours, theirs] = await bothOf(t.testdir(), tree)
    t.ok(theirs instanceof Error, `${tree.name}: kubectl refuses it`)
    t.match(ours.problems, [/kustomize refuses this kustomization: /], tree.name)
  }
})

t.test('random trees land as kubectl kustomize makes them, and what it refuses is said', async (t) => {
  const differing: string[] = []
  let built = 0
  for (const tree of fc.sample(randomTrees, { numRuns: 50, seed: 1 })) {
    const [ours, theirs] = await bothOf(t.testdir(), tree)
    if (theirs instanceof Error) {
      if (ours.problems.length === 0) differing.push(`${tree.name}\nonly kubectl refuses it: ${theirs.message}`)
      continue
    }
    built++
    if (ours.problems.length > 0) differing.push(`${tree.name}\nonly we refuse it: ${ours.problems.join()}`)
    else if (JSON.stringify(ours.objects) !== JSON.stringify(theirs)) {
      const [identity] = Object.entries(theirs).find(
        ([key, object]) => JSON.stringify(object) !== JSON.stringify(ours.objects[key]),
      ) ?? ['']
      differing.push(`${tree.name}\n${JSON.stringify(ours.objects[identity])}\n${JSON.stringify(theirs[identity])}`)
    }
  }
  t.strictSame(differing.slice(0, 3), [])
  t.ok(built >= 15, `${String(built)} were built by both`)
})

type Objects = { readonly [identity: string]: unknown }

async function bothOf(
  dir: string,
  { files }: KustomizeTree,
): Promise<[{ objects: Objects; problems: string[] }, Objects | Error]> {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
  const { variants, problems } = await readPaths([join(dir, 'root')], Readable.from([]))
  const objects = (variants[0]?.objects ?? []).map(({ manifest }) => manifest.object)
  return [
    { objects: byIdentity(objects), problems: problems.map(({ message }) => message) },
    await kubectlBuilds(join(dir, 'root')),
  ]
}

async function kubectlBuilds(root: string): Promise<Objects | Error> {
  const kubectl = (await findBinaries()).get('kubectl') ?? 'kubectl'
  const { error, stdout, stderr } = await new Promise<{ error: Error | null; stdout: string; stderr: string }>(
    (resolve) =>
      execFile(kubectl, ['kustomize', root], { maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
        resolve({ error, stdout, stderr }),
      ),
  )
  if (error) return new Error(stderr)
  return byIdentity(readDocuments('rendered', stdout).documents.map(({ value }) => value))
}

// Nulls mean nothing, and hashes of Secrets we do not compute.
function byIdentity(objects: readonly unknown[]): Objects {
  let text = JSON.stringify(objects, (_, value: unknown) => {
    const record = recordOf(value)
    if (!record) return value
    return Object.fromEntries(
      Object.entries(record)
        .filter(([, member]) => member !== null)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    )
  })
  for (const object of objects) {
    const name = stringOf(memberOf(memberOf(object, 'metadata'), 'name')) ?? ''
    if (memberOf(object, 'kind') === 'Secret' && /-[a-z0-9]{10}$/.test(name))
      text = text.replaceAll(name, name.replace(/.{10}$/, 'xxxxxxxxxx'))
  }
  const all = JSON.parse(text) as unknown[]
  return Object.fromEntries(
    all
      .map((object): [string, unknown] => {
        const metadata = memberOf(object, 'metadata')
        const parts = [memberOf(object, 'kind'), memberOf(metadata, 'namespace'), memberOf(metadata, 'name')]
        return [parts.map((part) => stringOf(part) ?? '').join('/'), object]
      })
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}
