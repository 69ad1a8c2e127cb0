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
