import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Loop } from '../src/sdk/policy.ts'
import { policyTemplate } from './policy-template.ts'

const loops: readonly Loop[] = ['identity', 'compute', 'network', 'storage', 'observability']

function main(args: readonly string[]): void {
  try {
    console.log(newPolicy(process.cwd(), args))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    console.error(`new-policy: ${error.message}`)
    process.exitCode = 2
  }
}

/** Why no policy was written: one sentence. */
export class Refusal extends Error {}

/**
 * Writes the file of a new policy and adds it to the list, below the folder `root`. Returns what to do next; throws
 * a Refusal before anything is written.
 */
export function newPolicy(root: string, args: readonly string[]): string {
  const [id, ...more] = args
  if (id === undefined || more.length > 0)
    throw new Refusal('give one rule id: npm run new-policy -- compute-something')
  const loop = loops.find((name) => id.startsWith(`${name}-`))
  if (!loop) throw new Refusal(`"${id}" must begin with its loop: ${loops.map((name) => `${name}-…`).join(', ')}`)
  if (!/^[a-z]+(-[a-z0-9]+)+$/.test(id)) {
    throw new Refusal(`"${id}" must be lower-case words joined by single hyphens, such as compute-something`)
  }
  const path = `policies/${loop}/${id.slice(loop.length + 1)}.ts`
  if (existsSync(join(root, path))) throw new Refusal(`${path} exists already`)

  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string }
  mkdirSync(join(root, dirname(path)), { recursive: true })
  writeFileSync(join(root, path), policyTemplate(id, loop, version))
  writeFileSync(join(root, 'policies/index.ts'), policyList(root))
  return nextSteps(id, path)
}

/** The text of policies/index.ts for the files that are there. */
export function policyList(root: string): string {
  const files = loops
    .filter((loop) => existsSync(join(root, 'policies', loop)))
    .flatMap((loop) => readdirSync(join(root, 'policies', loop)).map((file) => `${loop}/${file}`))
    .filter((file) => file.endsWith('.ts'))
    .sort()
  const names = files.map((file) => variable(file.slice(0, -'.ts'.length)))
  const imports = files.map((file, index) => `import ${names[index]} from './${file}'\n`)
  return `import type { Policy } from '../src/sdk/policy.ts'
${imports.join('')}
/** Every rule, sorted by id. \`npm run new-policy\` adds to it; test/architecture.test.ts holds it complete. */
${array('export const policies: readonly Policy[] = ', names)}
`
}

// As prettier would print it.
function array(declaration: string, names: readonly string[]): string {
  const line = `${declaration}[${names.join(', ')}]`
  return line.length <= 120 ? line : `${declaration}[\n${names.map((name) => `  ${name},\n`).join('')}]`
}

function variable(path: string): string {
  return path.replace(/[-/](.)/g, (_, letter: string) => letter.toUpperCase())
}

function nextSteps(id: string, path: string): string {
  return `Wrote ${path} and added it to policies/index.ts. Next:
  1. Replace its summary, reasons, examples and check; keep severities at audit until the rule has been seen in use.
  2. npx tsc -p tsconfig.json && node build/test/policies.test.js
  3. npm run docs (writes docs/reference/rules/${id}.md, the webhook's rules and the tables)
  4. npm run format && npm test`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv.slice(2))
