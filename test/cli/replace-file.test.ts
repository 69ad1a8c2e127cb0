import { chmodSync, linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { replaceFile } from '../../src/cli/replace-file.ts'
import { day2 } from '../support/day2.ts'

t.test('a report replaces the one before it as a whole', async (t) => {
  const dir = t.testdir({
    'a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n',
    'report.json': 'before',
  })
  const report = join(dir, 'report.json')
  chmodSync(report, 0o640)
  // Whoever has the old file open, as a second name for it has, keeps it whole.
  linkSync(report, join(dir, 'old.json'))
  t.match(await day2('check', '--output', `json=${report}`, join(dir, 'a.yaml')), { code: 0 })
  t.equal(readFileSync(join(dir, 'old.json'), 'utf8'), 'before')
  t.ok(JSON.parse(readFileSync(report, 'utf8')))
  t.equal(statSync(report).mode & 0o777, 0o640)
  t.strictSame(readdirSync(dir).sort(), ['a.yaml', 'old.json', 'report.json'])
})

t.test('links stay links, devices stay devices, and what cannot be written leaves nothing behind', async (t) => {
  const dir = t.testdir({ real: { 'report.json': 'before' } })
  const link = join(dir, 'link.json')
  symlinkSync(join(dir, 'real', 'report.json'), link)
  replaceFile(link, 'after')
  t.ok(lstatSync(link).isSymbolicLink())
  t.equal(readFileSync(join(dir, 'real', 'report.json'), 'utf8'), 'after')

  replaceFile('/dev/null', 'text')
  t.ok(statSync('/dev/null').isCharacterDevice())

  mkdirSync(join(dir, 'folder'))
  t.throws(() => replaceFile(join(dir, 'folder'), 'text'))
  t.throws(() => replaceFile(join(dir, 'none', 'report.json'), 'text'))
  t.strictSame(readdirSync(dir).sort(), ['folder', 'link.json', 'real'])
  t.strictSame(readdirSync(join(dir, 'real')), ['report.json'])
})
