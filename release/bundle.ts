import { chmod, copyFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'

/** What the published package.json keeps of ours. It has no dependencies: everything is inside. */
const kept = ['name', 'version', 'description', 'license', 'type', 'engines', 'keywords', 'repository'] as const

/**
 * Bundles the command line into `out`, one chunk per command that is loaded on demand, beside a package.json without
 * dependencies. An `overrides` entry holds only in our own tree: elsewhere npm would install an undici that Node 20
 * cannot load, so client-node and undici 7 travel inside (docs/decisions).
 */
export async function bundle(root: string, out: string): Promise<void> {
  await rm(out, { recursive: true, force: true })
  await mkdir(out, { recursive: true })
  await bundleCode(root, { day2: 'src/cli/main.ts' }, join(out, 'bin'))
  await chmod(join(out, 'bin/day2.js'), 0o755)
  for (const file of ['README.md', 'LICENSE']) await copyFile(join(root, file), join(out, file))
  // What `day2 serve --dev` sends.
  await cp(join(root, 'examples'), join(out, 'examples'), { recursive: true })
  await writeFile(join(out, 'package.json'), await manifest(root))
}

/** Bundles programs as the command line is published: nothing of a package is loaded that they do not use. */
export async function bundleCode(
  root: string,
  entryPoints: { readonly [name: string]: string },
  outdir: string,
): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: { ...entryPoints },
    outdir,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'linked',
    logLevel: 'warning',
    // CommonJS packages inside call require for Node's own modules.
    banner: { js: "import{createRequire as day2Require}from'node:module';const require=day2Require(import.meta.url);" },
  })
}

async function manifest(root: string): Promise<string> {
  const own = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { readonly [key: string]: unknown }
  const fields = kept.flatMap((key) => (key in own ? [[key, own[key]] as const] : []))
  return `${JSON.stringify({ ...Object.fromEntries(fields), bin: { day2: 'bin/day2.js' } }, null, 2)}\n`
}
