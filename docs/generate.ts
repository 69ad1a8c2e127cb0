import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { generatedFiles } from './generated-files.ts'

const files = await generatedFiles()
for (const [path, text] of files) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

const rulePages = 'docs/reference/rules'
for (const name of readdirSync(rulePages)) {
  if (!files.has(`${rulePages}/${name}`)) rmSync(join(rulePages, name))
}
console.log(`Wrote ${files.size} files.`)
