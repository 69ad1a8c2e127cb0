import { mkdirSync, rmdirSync, symlinkSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join, relative } from 'node:path'
import { Readable } from 'node:stream'
import t from 'tap'
import { type Contents, readPaths } from '../../src/files/read.ts'

const configMap = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`
const read = (...paths: string[]) => readPaths(paths, Readable.from([]))
const names = ({ manifests }: Contents) => manifests.map(({ name }) => name)
const codes = ({ problems }: Contents) => problems.map(({ level, code }) => `${level} ${code}`)

t.test('what a folder holds cannot make a reader wait: devices, pipes and sockets are not opened', async (t) => {
  const dir = t.testdir({ 'a.yaml': configMap('a') })
  symlinkSync('/dev/zero', join(dir, 'endless.yaml'))
  execFileSync('mkfifo', [join(dir, 'pipe.yaml')])
  symlinkSync('pipe.yaml', join(dir, 'linked.yaml'))
  const contents = await read(dir)
  t.strictSame(names(contents), ['a'])
  t.strictSame(codes(contents), [])
})

t.test('a link that leads nowhere is said with its target, given or found', async (t) => {
  const dir = t.testdir({ 'a.yaml': configMap('a') })
  const [link, circle] = [join(dir, 'link.yaml'), join(dir, 'circle.yaml')]
  symlinkSync('moved/away.yaml', link)
  symlinkSync('circle.yaml', circle)
  const told = ({ problems }: Contents) => problems.map(({ code, file, message }) => `${file}: ${message} (${code})`)
  const broken = `${link}: a symbolic link to moved/away.yaml, where nothing is: mend or delete the link (D2_FILE_NOT_FOUND)`
  t.strictSame(told(await read(link)), [broken])
  const contents = await read(dir)
  t.strictSame(told(contents), [
    `${circle}: a symbolic link to circle.yaml, which leads back to it: mend or delete the link (D2_FILE_UNREADABLE)`,
    broken,
  ])
  t.strictSame(names(contents), ['a'], 'the rest is read')
})

t.test('a link to nowhere in a folder counts if it has the name of a manifest that is not hidden', async (t) => {
  const dir = t.testdir({ 'a.yaml': configMap('a') })
  const lock = join(dir, '.#a.yaml')
  symlinkSync('someone@host.4711:1732450000', lock)
  symlinkSync('/nix/store/gone', join(dir, 'result'))
  symlinkSync('bazel-bin', join(dir, 'bazel-bin'))
  const contents = await read(dir)
  t.strictSame(names(contents), ['a'])
  t.strictSame(codes(contents), [])
  symlinkSync('gone', join(dir, 'Kustomization'))
  t.strictSame(codes(await read(dir)), ['error D2_FILE_NOT_FOUND'])
  for (const named of [lock, join(dir, 'result')])
    t.strictSame(codes(await read(named)), ['error D2_FILE_NOT_FOUND'], 'named it is an error')
})

t.test('a conflict of a merge is one problem, at its first marker', async (t) => {
  const base = configMap('a')
  const sides = (ours: string, theirs: string) => `<<<<<<< HEAD\n${ours}=======\n${theirs}>>>>>>> topic\n`
  const conflict = 'error D2_MERGE_CONFLICT'
  const cases: readonly (readonly [string, number])[] = [
    [`${base}${sides('data: {a: x}\n', 'data: {a: y}\n')}`, 4],
    [`${base}data:\n${sides('  a: x\n', '  a: y\n')}`, 5],
    [sides(base, configMap('b')), 1],
    [`${base}---\n${sides(`${configMap('b')}---\n`, `${configMap('c')}---\n`)}${configMap('d')}`, 5],
    [`${base}<<<<<<< HEAD\ndata: {}\n||||||| 1a2b3c\ndata: {a: x}\n=======\n>>>>>>> topic\n`, 4],
    [`${base}${sides('data: {a: x}\n', '')}`.replaceAll('\n', '\r\n'), 4],
    [`{\n${sides('"kind": "ConfigMap"\n', '"kind": "Secret"\n')}}`, 2],
  ]
  for (const [text, line] of cases) {
    const dir = t.testdir({ 'a.yaml': text, 'b.yaml': configMap('other') })
    const contents = await read(join(dir, 'a.yaml'), join(dir, 'b.yaml'))
    t.strictSame(codes(contents), [conflict], text)
    t.match(contents.problems, [{ line, column: 1, message: /keep one side and delete/ }])
    t.strictSame(names(contents), ['other'], 'neither side is judged')
  }
  const about = `${base}data:\n  help: |\n    ${sides('a\n', 'b\n').trimEnd().replaceAll('\n', '\n    ')}\n`
  for (const text of [about, `${base}#======\n`]) {
    const contents = await read(join(t.testdir({ 'a.yaml': text }), 'a.yaml'))
    t.strictSame([...names(contents), ...codes(contents)], ['a'], 'a text about such conflicts is a text')
  }
})

t.test('a path that is given and is neither file nor folder is said', async (t) => {
  const dir = t.testdir({ 'a.yaml': configMap('a') })
  // Paths of sockets are short, however deep the folder is.
  const socket = relative(process.cwd(), join(dir, 's'))
  const server = createServer().listen(socket)
  await once(server, 'listening')
  t.teardown(() => server.close())
  const contents = await read(socket, join(dir, 'a.yaml'))
  t.strictSame(names(contents), ['a'])
  t.strictSame(codes(contents), ['error D2_FILE_UNREADABLE'])
})

t.test('a file that is named is an error if it holds no object, whatever folder was named with it', async (t) => {
  const dir = t.testdir({ 'x.yaml': 'a: 1\n', 'zero.yaml': '', 'b.yaml': configMap('b') })
  for (const [name, code] of [
    ['x.yaml', 'D2_NO_OBJECT'],
    ['zero.yaml', 'D2_FILE_EMPTY'],
  ] as const)
    for (const paths of [
      [join(dir, name), dir],
      [dir, join(dir, name)],
    ]) {
      const contents = await read(...paths)
      t.strictSame(codes(contents), [`error ${code}`], paths.join(' '))
      t.strictSame(names(contents), ['b'])
    }
  for (const paths of [
    [join(dir, 'b.yaml'), dir],
    [dir, join(dir, 'b.yaml')],
  ])
    t.strictSame(
      (await read(...paths)).manifests.map(({ root }) => root),
      [dir],
      'it lands with the folder in either order',
    )
})

t.test('a folder that cannot be read is said, the rest is read', async (t) => {
  const dir = t.testdir({
    'a.yaml': configMap('a'),
    chart: { 'Chart.yaml': 'name: c\n', templates: { 'a.yaml': '{{ }}' } },
    plain: {},
  })
  // No permission stops root, but nobody opens a path longer than the system allows.
  const deep = [join(dir, 'plain'), join(dir, 'chart', 'templates')].map((folder) => tooDeep(folder))
  const contents = await read(dir)
  for (const { remove } of deep) remove()
  t.strictSame(names(contents), ['a'])
  t.strictSame(codes(contents), ['error D2_FILE_UNREADABLE', 'error D2_FILE_UNREADABLE'])
  t.strictSame(contents.charts, [{ path: join(dir, 'chart'), templates: 1 }])
})

/** Folders so deep that the innermost has no path that the system takes. */
function tooDeep(folder: string): { readonly remove: () => void } {
  let path = folder
  while (path.length < 3850) path = join(path, 'd'.repeat(200))
  mkdirSync(path, { recursive: true })
  const inner = 'e'.repeat(250)
  const inside = (run: () => void) => {
    const before = process.cwd()
    process.chdir(path)
    run()
    process.chdir(before)
  }
  inside(() => {
    mkdirSync(inner)
  })
  return {
    remove: () => {
      inside(() => {
        rmdirSync(inner)
      })
    },
  }
}
