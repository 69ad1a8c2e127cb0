import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the repository: compiled tests run from build/, where what is not TypeScript was not copied to. */
export const repository = findRoot(dirname(fileURLToPath(import.meta.url)))

function findRoot(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const file = join(folder, 'package.json')
    if (existsSync(file) && /"name":\s*"day2-admission"/.test(readFileSync(file, 'utf8'))) return folder
    if (dirname(folder) === folder) throw new Error(`no package.json of day2-admission above ${from}`)
  }
}
