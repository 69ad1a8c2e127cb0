import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { access, mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { repository } from './repository.ts'

/** kwok is no part of the Go module, because its dependencies are older than those of Kubernetes. */
const kwokVersion = 'v0.8.0'

const compiled = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'] as const
const provided: readonly string[] = ['etcd', 'kube-apiserver', 'kubectl']

export type BinaryName = (typeof compiled)[number] | 'kwok'
export type Binaries = ReadonlyMap<BinaryName, string>

const module = join(repository, 'test/control-plane')

/**
 * Paths of all binaries, by name. etcd, kube-apiserver and kubectl come from KUBEBUILDER_ASSETS where that is set;
 * everything else comes from the user's cache, into which it is compiled on first use (about ten minutes on two cores).
 */
export async function findBinaries(log: (line: string) => void = () => {}): Promise<Binaries> {
  const release = await kubernetesVersion()
  const folder = join(
    process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
    'envtest',
    `${release}-${await digest()}`,
  )
  const assets = process.env.KUBEBUILDER_ASSETS
  const names: readonly BinaryName[] = [...compiled, 'kwok']
  const paths = new Map(names.map((name) => [name, join(assets && provided.includes(name) ? assets : folder, name)]))
  const absent = await missing(paths)
  const foreign = absent.filter((name) => assets && provided.includes(name))
  if (foreign.length) throw new Error(`KUBEBUILDER_ASSETS (${assets}) holds no ${foreign.join(', ')}`)
  if (absent.length) await locked(folder, async () => compile(await missing(paths), folder, release, log))
  return paths
}

/** The Kubernetes version that go.mod pins, such as v1.37.2. */
export async function kubernetesVersion(): Promise<string> {
  const version = /^\s*(?:require )?k8s\.io\/kubernetes (v\S+)/m.exec(
    await readFile(join(module, 'go.mod'), 'utf8'),
  )?.[1]
  if (!version) throw new Error('test/control-plane/go.mod requires no k8s.io/kubernetes')
  return version
}

async function digest(): Promise<string> {
  const hash = createHash('sha256')
  for (const file of ['go.mod', 'go.sum', ...compiled.map((name) => join(name, 'main.go'))])
    hash.update(await readFile(join(module, file)))
  return hash.digest('hex').slice(0, 12)
}

async function missing(paths: Binaries): Promise<BinaryName[]> {
  const absent: BinaryName[] = []
  for (const [name, path] of paths) if (!(await executable(path))) absent.push(name)
  return absent
}

async function compile(names: readonly BinaryName[], folder: string, release: string, log: (line: string) => void) {
  if (!names.length) return
  if (!(await onPath('go')))
    throw new Error(
      `Go is not on the PATH: ${names.join(', ')} must be compiled once (install Go 1.26 or newer, https://go.dev/dl)`,
    )
  log(`compiling ${names.join(', ')} (Kubernetes ${release}) into ${folder}: about ten minutes, once`)
  const staging = await mkdtemp(join(folder, '.build.'))
  try {
    const commands = names.filter((name) => name !== 'kwok').map((name) => `./${name}`)
    const version = 'k8s.io/component-base/version'
    const minor = /^v1\.(\d+)/.exec(release)?.[1] ?? '0'
    const flags = `-s -w -X ${version}.gitVersion=${release} -X ${version}.gitMajor=1 -X ${version}.gitMinor=${minor}`
    if (commands.length) await go(['build', '-trimpath', '-ldflags', flags, '-o', `${staging}/`, ...commands])
    if (names.includes('kwok'))
      await go(['install', '-trimpath', `sigs.k8s.io/kwok/cmd/kwok@${kwokVersion}`], { GOBIN: staging })
    // Moved whole, so that nobody ever finds half a binary.
    for (const name of await readdir(staging)) await rename(join(staging, name), join(folder, name))
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

function go(args: string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    // What Go prints goes to stderr: the stdout of `npm run control-plane` is for the shell.
    const child = spawn('go', args, {
      cwd: module,
      env: { ...process.env, CGO_ENABLED: '0', ...env },
      stdio: ['ignore', process.stderr, process.stderr],
    })
    child.once('error', reject)
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`go ${args[0]} failed (exit code ${code}), see above`)),
    )
  })
}

/** One builder at a time: others wait, and take over where the builder died. Even two would only waste time. */
async function locked(folder: string, work: () => Promise<void>): Promise<void> {
  await mkdir(folder, { recursive: true })
  const lock = join(folder, '.builder')
  while (!(await claim(lock))) {
    const holder = Number(await readFile(lock, 'utf8').catch(() => ''))
    if (holder > 0 && !alive(holder)) await rm(lock, { force: true })
    else await sleep(500)
  }
  try {
    await work()
  } finally {
    await rm(lock, { force: true })
  }
}

async function claim(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

async function onPath(name: string): Promise<boolean> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) if (await executable(join(folder, name))) return true
  return false
}

function executable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
