import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { installPacked } from './packed.ts'

const root = process.cwd()

t.test('the packed tarball runs where nothing else is installed', async (t) => {
  const empty = await installPacked(root, t.testdir())
  t.strictSame(
    readdirSync(join(empty, 'node_modules')).filter((name) => !name.startsWith('.')),
    ['day2-admission'],
    'it brings no dependencies',
  )
  const day2 = (...args: string[]) =>
    spawnSync(join(empty, 'node_modules/.bin/day2'), args, { cwd: empty, encoding: 'utf8' })
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  t.equal(day2('--version').stdout, `day2 ${version}\n`)

  const examples = join(empty, 'node_modules/day2-admission/examples')
  const refused = day2('check', join(examples, 'compute-pdb-blocks-all/faulty.yaml'))
  t.equal(refused.status, 1)
  t.match(refused.stdout, /compute-pdb-blocks-all/)
  t.equal(day2('check', join(examples, 'compute-pdb-blocks-all/mended.yaml')).status, 0)

  t.equal(day2('certs', 'issue', '--out', join(empty, 'certs'), '--name', 'webhook.example.svc').status, 0)
  t.match(day2('certs', 'inspect', join(empty, 'certs')).stdout, /webhook\.example\.svc/)

  writeFileSync(join(empty, 'kubeconfig'), 'apiVersion: v1\nkind: Config\n')
  const serve = day2('serve', '--cert-dir', join(empty, 'certs'), '--kubeconfig', join(empty, 'kubeconfig'))
  t.equal(serve.status, 2, 'client-node is inside, and says what a kubeconfig lacks')
  t.match(serve.stderr, /D2_KUBE_CONFIG/)
})
