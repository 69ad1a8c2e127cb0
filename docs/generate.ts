import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { generatedFiles } from './generated-files.ts'

const files = await generatedFiles()
const changed = [...files].filter(([path, text]) => !existsSync(path) || readFileSync(path, 'utf8') !== text)
for (const [path, text] of changed) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

const rulePages = 'docs/reference/rules'
for (const name of readdirSync(rulePages)) {
  if (!files.has(`${rulePages}/${name}`)) rmSync(join(rulePages, name))
}
console.log(`${files.size} files, of which ${changed.length} changed.`)
