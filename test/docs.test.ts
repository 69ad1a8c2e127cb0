import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { generatedFiles } from '../docs/generated-files.ts'

t.test('generated files are what npm run docs writes', async (t) => {
  const files = await generatedFiles()
  for (const [path, text] of files) {
    t.equal(existsSync(path) ? readFileSync(path, 'utf8') : '', text, `${path}: run npm run docs`)
  }
  const pages = readdirSync('docs/reference/rules').map((name) => `docs/reference/rules/${name}`)
  t.strictSame(
    pages.filter((path) => !files.has(path)),
    [],
    'no page without a rule',
  )
})

t.test('links in the docs lead somewhere', async (t) => {
  const pages = ['README.md', 'CONTRIBUTING.md', ...markdown('docs'), ...markdown('examples')]
  const broken = pages.flatMap((page) =>
    links(readFileSync(page, 'utf8'))
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => !reaches(page, link))
      .map((link) => `${page}: ${link}`),
  )
  t.strictSame(broken, [])
})

function markdown(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join(folder, path))
}

function links(text: string): string[] {
  const prose = text.replace(/^```[^]*?^```/gm, '').replace(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? '')
}

function reaches(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : join(dirname(page), path)
  if (!existsSync(target)) return false
  return anchor === undefined || anchors(readFileSync(target, 'utf8')).includes(anchor)
}

function anchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}
