import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { installPacked, run } from '../release/packed.ts'

// The oldest that we claim, the current LTS, which the image has, and the newest release.
const versions = ['20.19.0', '24.21.0', '26.10.0']
const root = fileURLToPath(new URL('../../../', import.meta.url))

let passed = 0
let failed = 0
function expect(holds: boolean, what: string): void {
  if (holds) passed++
  else failed++
  console.log(`${holds ? 'ok' : 'not ok'} ${what}`)
}

const folder = mkdtempSync(join(tmpdir(), 'day2-lts-'))
try {
  const empty = await installPacked(root, folder)
  for (const version of versions) await tryOn(version, empty)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0

/** Runs the packed package under another Node: check, certificates, and a server that refuses. */
async function tryOn(version: string, empty: string): Promise<void> {
  const home = mkdtempSync(join(folder, 'node-'))
  writeFileSync(join(home, 'package.json'), '{"private":true}')
  const carrier = `node-${process.platform}-${process.arch}`
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${carrier}@${version}`], home)
  const executable = join(home, 'node_modules', carrier, 'bin/node')
  const command = join(empty, 'node_modules/day2-admission/bin/day2.js')
  const day2 = (...args: string[]) => spawnSync(executable, [command, ...args], { cwd: empty, encoding: 'utf8' })
  const on = `on Node ${version}:`

  expect(run(executable, ['--version'], home).trim() === `v${version}`, `${on} it is that version`)
  const examples = join(empty, 'node_modules/day2-admission/examples')
  expect(day2('check', join(examples, 'compute-pdb-blocks-all/faulty.yaml')).status === 1, `${on} check finds a fault`)
  expect(day2('check', join(examples, 'compute-pdb-blocks-all/mended.yaml')).status === 0, `${on} and none when mended`)
  const certs = join(home, 'certs')
  expect(day2('certs', 'issue', '--out', certs, '--name', 'localhost').status === 0, `${on} issues certificates`)
  const serve = day2('serve', '--cert-dir', certs, '--kubeconfig', join(empty, 'package.json'))
  expect(serve.status === 2 && serve.stderr.includes('D2_KUBE_CONFIG'), `${on} loads the Kubernetes client`)
  expect(await refuses(executable, command), `${on} serves, and refuses`)
}

/** Whether `serve --dev` refuses an example and then listens. */
async function refuses(executable: string, command: string): Promise<boolean> {
  const server = spawn(executable, [command, 'serve', '--dev'], { stdio: ['ignore', 'pipe', 'inherit'] })
  let refused = false
  for await (const line of createInterface({ input: server.stdout })) {
    if (line.includes('denied the request: compute-pdb-blocks-all')) refused = true
    if (line.startsWith('Listening on https:')) break
  }
  server.kill('SIGTERM')
  if (server.exitCode === null) await once(server, 'exit')
  return refused
}
