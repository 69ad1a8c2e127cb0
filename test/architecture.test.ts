import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, normalize, sep } from 'node:path'
import t from 'tap'
import ts from 'typescript'

interface Layer {
  readonly pure: boolean
  readonly imports: readonly string[]
  readonly packages: readonly string[]
}

interface Import {
  readonly from: string
  readonly line: number
  readonly typeOnly: boolean
}

interface Source {
  readonly path: string
  readonly tree: ts.SourceFile
  readonly imports: readonly Import[]
}

const layers = new Map(Object.entries(JSON.parse(readFileSync('layers.json', 'utf8')) as Record<string, Layer>))
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly dependencies: Record<string, string> }
const sources = ['src', 'policies', 'certs', 'manifests', 'docs', 'bench', 'release', 'test']
  .flatMap(filesIn)
  .map(parse)
const product = sources.filter((source) => layerOf(source.path) !== undefined)

t.test('imports point one way', async (t) => {
  const wrong: string[] = []
  for (const { path, imports } of product) {
    const folder = layerOf(path) ?? ''
    const allowed = layers.get(folder)?.imports ?? []
    for (const { from, line } of imports.filter(isRelative)) {
      const target = layerOf(resolve(path, from))
      if (target === folder || allowed.includes('*') || (target !== undefined && allowed.includes(target))) continue
      wrong.push(`${path}:${line} imports ${from}: ${folder} may import ${allowed.join(', ') || 'only itself'}`)
    }
  }
  t.strictSame(wrong, [])
})

t.test('a policy imports the sdk, and only the command line, the docs and the tests know the list', async (t) => {
  const wrong = product.flatMap(({ path, imports }) =>
    imports
      .filter(isRelative)
      .map(({ from }) => resolve(path, from))
      .filter((target) => layerOf(target) === 'policies' && path !== 'policies/index.ts' && layerOf(path) !== 'src/cli')
      .map((target) => `${path} imports ${target}`),
  )
  t.strictSame(wrong, [])
})

t.test('no cycles', async (t) => {
  const edges = new Map(
    sources.map(({ path, imports }) => [path, imports.filter(isRelative).map(({ from }) => resolve(path, from))]),
  )
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '))
    if (done.has(path) || trail.includes(path)) return
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path])
    done.add(path)
  }
  for (const path of edges.keys()) visit(path, [])
  t.strictSame(cycles, [])
})

t.test('each package is imported by one folder', async (t) => {
  const owners = new Map<string, string[]>()
  for (const [folder, { packages }] of layers) {
    for (const name of packages) owners.set(name, [...(owners.get(name) ?? []), folder])
  }
  t.strictSame(
    [...owners].filter(([, folders]) => folders.length > 1),
    [],
    'layers.json names each package once',
  )
  t.strictSame(
    [...owners.keys()].sort(),
    Object.keys(manifest.dependencies).sort(),
    'layers.json and package.json agree',
  )

  const wrong = product.flatMap(({ path, imports }) =>
    imports
      .filter((entry) => !isRelative(entry) && !entry.typeOnly && !entry.from.startsWith('node:'))
      .filter(({ from }) => !owners.get(packageOf(from))?.includes(layerOf(path) ?? ''))
      .map(({ from, line }) => `${path}:${line} imports ${from}`),
  )
  t.strictSame(wrong, [])
})

t.test('pure folders do no I/O, read no clock and log nothing', async (t) => {
  const wrong: string[] = []
  for (const source of product.filter(({ path }) => layers.get(layerOf(path) ?? '')?.pure)) {
    for (const { from, line, typeOnly } of source.imports) {
      if (from.startsWith('node:') && !typeOnly) wrong.push(`${source.path}:${line} imports ${from}`)
    }
    walk(source.tree, (node) => {
      const use = impureUse(node)
      if (use) wrong.push(`${source.path}:${lineOf(source.tree, node)} uses ${use}`)
    })
  }
  t.strictSame(wrong, [])
})

t.test('imports name the file, and nothing but a policy is a default export', async (t) => {
  const unnamed = sources.flatMap(({ path, imports }) =>
    imports
      .filter(isRelative)
      .filter(({ from }) => !existsSync(resolve(path, from)))
      .map(({ from, line }) => `${path}:${line} imports ${from}`),
  )
  const defaults = product
    .filter(({ tree }) => tree.statements.some((node) => ts.isExportAssignment(node) || hasDefaultModifier(node)))
    .map(({ path }) => path)
    .filter((path) => !path.startsWith('policies/'))
  t.strictSame({ unnamed, defaults }, { unnamed: [], defaults: [] })
})

t.test('the list of policies is complete and sorted, and ids are folder and file name', async (t) => {
  const files = sources.map(({ path }) => path).filter((path) => /^policies\/[^/]+\/[^/]+\.ts$/.test(path))
  const list = sources.find(({ path }) => path === 'policies/index.ts')
  const listed = (list?.imports ?? [])
    .map(({ from }) => resolve('policies/index.ts', from))
    .filter((path) => path.startsWith('policies/'))
  t.strictSame(listed, files.sort(), 'policies/index.ts imports every policy, in order')

  for (const path of files) {
    const id = `${basename(dirname(path))}-${basename(path, '.ts')}`
    t.match(readFileSync(path, 'utf8'), `\n  id: '${id}',\n`, path)
  }
})

t.test('files are small and named after what they hold', async (t) => {
  const long = sources.map((source) => [source.path, linesOf(source)] as const).filter(([, lines]) => lines > 350)
  const vague = sources
    .map(({ path }) => path)
    .filter((path) =>
      /(^|\/)(utils?|helpers?|common|misc|managers?|types|shared|core|lib)(\.test)?(\.ts|\/)/.test(path),
    )
  t.strictSame({ long, vague }, { long: [], vague: [] })
})

/** Lines of code: the examples of a policy are its data, as many as it takes. */
function linesOf({ path, tree }: Source): number {
  let data = 0
  if (path.startsWith('policies/'))
    walk(tree, (node) => {
      if (ts.isPropertyAssignment(node) && node.name.getText() === 'examples')
        data += node.getText().split('\n').length - 1
    })
  return tree.getLineStarts().length - 1 - data
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .map((path) => join(folder, path).split(sep).join('/'))
    .sort()
}

function parse(path: string): Source {
  const tree = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ESNext, true)
  const imports: Import[] = []
  walk(tree, (node) => {
    const from = moduleOf(node)
    if (from !== undefined) imports.push({ from, line: lineOf(tree, node), typeOnly: isTypeOnly(node) })
  })
  return { path, tree, imports }
}

function moduleOf(node: ts.Node): string | undefined {
  const specifier =
    ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
      ? node.moduleSpecifier
      : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
        ? node.arguments[0]
        : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
          ? node.argument.literal
          : undefined
  return specifier && ts.isStringLiteralLike(specifier) ? specifier.text : undefined
}

function isTypeOnly(node: ts.Node): boolean {
  if (ts.isImportTypeNode(node)) return true
  if (ts.isExportDeclaration(node)) return node.isTypeOnly
  return ts.isImportDeclaration(node) && node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
}

function hasDefaultModifier(node: ts.Node): boolean {
  return (
    ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)
  )
}

const impureGlobals = new Set([
  ...['console', 'process', 'performance', 'crypto', 'fetch', 'require'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'],
])

function impureUse(node: ts.Node): string | undefined {
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length) return 'new Date()'
  if (ts.isPropertyAccessExpression(node) && ['Date.now', 'Math.random'].includes(node.getText())) return node.getText()
  if (!ts.isIdentifier(node) || !impureGlobals.has(node.text)) return undefined
  const called = ts.isPropertyAccessExpression(node.parent) && node.parent.expression === node
  return called || (ts.isCallExpression(node.parent) && node.parent.expression === node) ? node.text : undefined
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node)
  ts.forEachChild(node, (child) => walk(child, visit))
}

function lineOf(tree: ts.SourceFile, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart()).line + 1
}

function isRelative({ from }: { readonly from: string }): boolean {
  return from.startsWith('.')
}

function resolve(path: string, from: string): string {
  return normalize(join(dirname(path), from))
    .split(sep)
    .join('/')
}

function layerOf(path: string): string | undefined {
  return [...layers.keys()].find((folder) => path.startsWith(`${folder}/`))
}

function packageOf(from: string): string {
  return from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/')
}
