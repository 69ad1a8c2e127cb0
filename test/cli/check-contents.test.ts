import { Readable } from 'node:stream'
import t from 'tap'
import { policies } from '../../policies/index.ts'
import { checkContents } from '../../src/cli/check-contents.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { defaultSettings } from '../../src/engine/settings.ts'
import { readPaths } from '../../src/files/read.ts'

const budget = (name: string) =>
  `apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: ${name}}\nspec: {maxUnavailable: 0, selector: {matchLabels: {a: ${name}}}}\n`

t.test('a fault on one object costs no other its findings', async (t) => {
  const text = ['one', 'two', 'three'].map(budget).join('---\n')
  const contents = await readPaths(['-'], Readable.from([text]))
  const manifests = contents.manifests.map((manifest) =>
    manifest.name === 'two'
      ? {
          ...manifest,
          object: {
            ...manifest.object,
            get metadata(): never {
              throw new RangeError('a value that nobody may see')
            },
          },
        }
      : manifest,
  )
  const { report, faults } = checkContents(createEngine(policies, defaultSettings), {
    paths: ['-'],
    contents: { ...contents, manifests },
    context: await readPaths([], Readable.from([])),
    namespace: 'default',
    complete: false,
    now: 0,
  })
  t.equal(faults, 1)
  t.strictSame(
    report.findings.filter(({ severity }) => severity === 'deny').map(({ object }) => object.name),
    ['one', 'three'],
  )
  t.strictSame(report.problems, [
    {
      level: 'error',
      code: 'D2_OBJECT_FAULT',
      file: '<stdin>',
      message:
        'PodDisruptionBudget default/two could not be judged by a fault of day2 itself (RangeError); please report it',
    },
  ])
})
