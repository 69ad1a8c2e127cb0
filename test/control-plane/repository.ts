import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the repository: compiled tests run from build/, where what is not TypeScript was not copied to. */
export const repository = findRoot(dirname(fileURLToPath(import.meta.url)))

function findRoot(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'test/control-plane/go.mod'))) return folder
    if (dirname(folder) === folder) throw new Error(`no test/control-plane/go.mod in any folder above ${from}`)
  }
}
