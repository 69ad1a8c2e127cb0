import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { readDocuments } from '../files/documents.ts'
import { manifestsOf, type Manifest } from '../files/manifest.ts'
import { expandSamples } from '../sdk/credentials/samples.ts'

/** One folder of `examples/`: what a rule refuses, and the same thing mended. */
export interface ExampleFolder {
  /** Id of the rule. */
  readonly rule: string
  /** What the cluster holds already. */
  readonly existing: readonly Manifest[]
  readonly files: readonly ExampleFile[]
}

export interface ExampleFile {
  /** As a user would type it, from the folder above `examples/`. */
  readonly path: string
  readonly manifests: readonly Manifest[]
}

/** The examples have been lost or spoiled. */
export class ExamplesError extends Error {
  readonly code = 'D2_EXAMPLES'
}

/** Reads every example, with made-up values for the tokens in it. @throws ExamplesError */
export function readExamples(root = findExamples()): ExampleFolder[] {
  const rules = readdirSync(root, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
  return rules.sort().map((rule) => {
    const existing = join(root, rule, 'existing.yaml')
    return {
      rule,
      existing: existsSync(existing) ? readExample(root, existing).manifests : [],
      files: ['faulty.yaml', 'mended.yaml'].map((name) => readExample(root, join(root, rule, name))),
    }
  })
}

// Built, bundled or installed, the folder lies somewhere above this file.
function findExamples(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, 'examples')
    if (existsSync(join(candidate, 'README.md'))) return candidate
  }
  throw new ExamplesError('the folder examples is missing: day2 serve --dev sends what is in it')
}

function readExample(root: string, file: string): ExampleFile {
  const path = relative(dirname(root), file)
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const { documents, problems } = readDocuments(path, expandSamples(text))
  const manifests = documents.flatMap((document) => manifestsOf(document, undefined).manifests)
  const [problem] = problems
  if (problem) throw new ExamplesError(`${path}: ${problem.message}`)
  if (manifests.length === 0) throw new ExamplesError(`${path} holds no object`)
  return { path, manifests }
}
