import { join } from 'node:path'
import { repository } from '../control-plane/repository.ts'

/**
 * The command that runs a script in a Node of its own, for `spawn` and the like. Under coverage tap would have its hooks
 * loaded there too, and a command that takes 0.4 s would take 1.2; Node's own coverage, written where tap reads it, costs
 * a tenth. tap puts its hooks into the environment of every child, so they are taken out behind it.
 */
export function nodeCommand(...args: readonly string[]): [command: string, args: string[]] {
  if (process.env['_TAPJS_PROCESSINFO_COVERAGE_'] !== '1') return [process.execPath, [...args]]
  const coverage = `NODE_V8_COVERAGE=${join(repository, '.tap/coverage')}`
  return ['env', ['-u', 'NODE_OPTIONS', coverage, process.execPath, ...args]]
}
