import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import ts from 'typescript'
import { policyList, Refusal, newPolicy } from '../../docs/new-policy.ts'
import { policies } from '../../policies/index.ts'
import type { Policy } from '../../src/sdk/policy.ts'

const host: ts.FormatDiagnosticsHost = {
  getCanonicalFileName: (name) => name,
  getCurrentDirectory: () => '.',
  getNewLine: () => '\n',
}

const packageJson = JSON.stringify({ version: '1.2.3', type: 'module' })

t.test('writes a policy that compiles and keeps the list sorted', async (t) => {
  const { compilerOptions } = JSON.parse(readFileSync('tsconfig.json', 'utf8')) as { compilerOptions: object }
  const config = { compilerOptions, include: ['policies'] }
  const root = t.testdir({
    'package.json': packageJson,
    policies: { 'index.ts': '' },
  })
  for (const folder of ['src', 'node_modules']) symlinkSync(resolve(folder), join(root, folder))

  t.match(newPolicy(root, ['storage-something']), 'Wrote policies/storage/something.ts')
  t.match(newPolicy(root, ['compute-z-last']), 'npm run docs')
  newPolicy(root, ['compute-a-first'])

  t.match(readFileSync(join(root, 'policies/compute/a-first.ts'), 'utf8'), /id: 'compute-a-first'[^]*since: '1\.2\.3'/)
  t.equal(
    readFileSync(join(root, 'policies/index.ts'), 'utf8'),
    `import type { Policy } from '../src/sdk/policy.ts'
import computeAFirst from './compute/a-first.ts'
import computeZLast from './compute/z-last.ts'
import storageSomething from './storage/something.ts'

/** Every rule, sorted by id. \`npm run new-policy\` adds to it; test/architecture.test.ts holds it complete. */
export const policies: readonly Policy[] = [computeAFirst, computeZLast, storageSomething]
`,
  )
  // A compiler process of its own would inherit the loaders of tap.
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const program = ts.createProgram(fileNames, { ...options, preserveSymlinks: true })
  const problems = [...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics]
  t.equal(ts.formatDiagnostics(problems, host), '')

  const url = pathToFileURL(join(root, 'build/policies/storage/something.js')).href
  const { default: policy } = (await import(url)) as { default: Policy }
  t.match(policy, { id: 'storage-something', loop: 'storage', signatures: ['volume-affinity-conflict'] })
  t.equal(policy.examples.fails.length > 0 && policy.examples.passes.length > 0, true)
})

t.test('the list in the tree is what the generator would write', async (t) => {
  t.equal(readFileSync('policies/index.ts', 'utf8'), policyList('.'))
  t.equal(policies.length, new Set(policies.map(({ id }) => id)).size)
})

t.test('refuses with one sentence and writes nothing', async (t) => {
  const root = t.testdir({ 'package.json': packageJson, policies: { 'index.ts': '', compute: { 'there.ts': '' } } })
  const refusals = {
    'give one rule id: npm run new-policy -- compute-something': [[], ['compute-a', 'compute-b']],
    'must begin with its loop: identity-…': [['pdb-blocks-all'], ['compute'], ['Compute-a'], ['../compute-a']],
    'must be lower-case words joined by single hyphens': [
      ['compute-'],
      ['compute-A'],
      ['compute-a--b'],
      ['compute-a/b'],
    ],
    'policies/compute/there.ts exists already': [['compute-there']],
  }
  for (const [sentence, argumentLists] of Object.entries(refusals)) {
    for (const args of argumentLists) {
      const refusal = caught(() => newPolicy(root, args))
      t.ok(refusal instanceof Refusal && refusal.message.includes(sentence), `${args.join(' ')}: ${String(refusal)}`)
    }
  }
  t.equal(readFileSync(join(root, 'policies/index.ts'), 'utf8'), '')
  t.notOk(existsSync(join(root, 'policies/compute/a.ts')))

  const run = spawnSync(process.execPath, ['build/docs/new-policy.js', 'nonsense'], { encoding: 'utf8' })
  t.match(run, { status: 2, stdout: '', stderr: /^new-policy: "nonsense" must begin with its loop: [^\n]*\n$/ })
})

function caught(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return undefined
}
