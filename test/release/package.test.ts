import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { bundle } from '../../release/bundle.ts'

const root = process.cwd()

t.test('the packed tarball runs where nothing else is installed', async (t) => {
  const folder = t.testdir({ packed: {}, empty: {} })
  const [packed, empty] = [join(folder, 'packed'), join(folder, 'empty')]
  await bundle(root, join(packed, 'day2-admission'))
  const tarball = run(
    'npm',
    ['pack', '--pack-destination', packed, join(packed, 'day2-admission')],
    packed,
  ).stdout.trim()
  writeFileSync(join(empty, 'package.json'), '{"private":true}')
  // Offline: whatever the package needed beside itself would have to be fetched, and could not be.
  run('npm', ['install', '--offline', '--no-audit', '--no-fund', join(packed, tarball)], empty)

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

function run(command: string, args: readonly string[], cwd: string): { stdout: string } {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
  return { stdout }
}
