import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundle } from '../../release/bundle.ts'

/** Bundles and packs the package below `folder` and installs the tarball, offline, in an empty folder: its path. */
export async function installPacked(root: string, folder: string): Promise<string> {
  const [packed, empty] = [join(folder, 'packed'), join(folder, 'empty')]
  for (const each of [packed, empty]) mkdirSync(each, { recursive: true })
  await bundle(root, join(packed, 'day2-admission'))
  const tarball = run('npm', ['pack', '--pack-destination', packed, join(packed, 'day2-admission')], packed)
  writeFileSync(join(empty, 'package.json'), '{"private":true}')
  // Offline: whatever the package needed beside itself would have to be fetched, and could not be.
  run('npm', ['install', '--offline', '--no-audit', '--no-fund', join(packed, tarball.trim())], empty)
  return empty
}

/** Runs a command to its end: what it wrote. Throws where it fails. */
export function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
  return stdout
}
