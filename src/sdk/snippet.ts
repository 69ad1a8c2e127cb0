/**
 * What a snippet may carry of the object under review: names, labels and ports, which everybody who sees the object sees
 * as well. Never a value of a Secret, a ConfigMap or a variable.
 */
export interface SnippetValues {
  readonly account: string
  /** The name of an annotation. */
  readonly annotation: string
  readonly apiVersion: string
  readonly claim: string
  readonly container: string
  /** A node or a zone: a value of the label `topologyKey`. */
  readonly domain: string
  /** Below the mount of a volume. */
  readonly file: string
  readonly image: string
  readonly kind: string
  /** Of a selector or a pod template. */
  readonly labels: { readonly [key: string]: string }
  /** Of the object that the snippet shows. */
  readonly name: string
  readonly namespace: string
  /** A port by its number, or its name. */
  readonly port: string | number
  readonly service: string
  /** An entry of `spec.ports` of a Service: name, protocol and numbers. */
  readonly servicePort: { readonly [field: string]: string | number }
  /** Of the object that another refers to. */
  readonly toNamespace: string
  readonly topologyKey: string
  readonly volume: string
}

/** Values for some of the places. One that is not known, or not for certain, is left out. */
export type GivenValues = { readonly [N in keyof SnippetValues]?: SnippetValues[N] | undefined }

/** A place in a snippet: what goes there, with the value that it has where no object is under review. */
export type Slot = {
  readonly [N in keyof SnippetValues]: { readonly [K in N]: SnippetValues[N] }
}[keyof SnippetValues]

/** YAML with places for values of the object under review, between texts. */
export interface SnippetTemplate {
  readonly parts: readonly (string | Slot)[]
}

/** YAML to type instead: text that is the same for every object, or a template. */
export type Snippet = string | SnippetTemplate

/** A template: yaml`metadata: { name: ${{ name: 'web' }} }`, each place with its name and the value that pages show. */
export function yaml(texts: TemplateStringsArray, ...between: readonly (string | Slot)[]): SnippetTemplate {
  return { parts: texts.flatMap((text, index) => [text, between[index] ?? '']) }
}

/**
 * The YAML of a snippet. Where one of its values was not given, or is one that nobody would read to its end, all of it is
 * shown as on the pages: nobody could tell which names are those of the object, and which are made up. A value is written
 * so that it is read as itself, whatever it holds.
 */
export function renderSnippet(snippet: Snippet, values: GivenValues = {}): string {
  if (typeof snippet === 'string') return snippet
  const texts = snippet.parts.map((part) => (typeof part === 'string' ? part : givenText(part, values)))
  if (texts.every((text) => text !== undefined)) return texts.join('')
  return snippet.parts.map((part) => (typeof part === 'string' ? part : exampleText(part))).join('')
}

// Longer than the longest label with its prefix, and than most sets of labels.
const longest = 512

function exampleText(slot: Slot): string {
  return Object.values(slot)
    .map((value: Value) => valueText(value))
    .join('')
}

function givenText(slot: Slot, values: GivenValues): string | undefined {
  const texts = Object.keys(slot).map((name) => {
    // The names of slots are those of the values, by their type.
    const given = values[name as keyof SnippetValues]
    const text = given === undefined ? undefined : valueText(given)
    return text === undefined || text.length > longest ? undefined : text
  })
  return texts.every((text) => text !== undefined) ? texts.join('') : undefined
}

type Value = SnippetValues[keyof SnippetValues]

function valueText(value: Value): string {
  if (typeof value !== 'object') return scalarText(value)
  const entries = Object.entries(value).map(([key, each]) => `${scalarText(key)}: ${scalarText(each)}`)
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
}

// Read as a text by YAML 1.1 and 1.2, inside of brackets too. Not so yes, null, 1e3 and their like.
const plain = /^[A-Za-z][A-Za-z0-9_./-]*$/
const words = /^(?:y|n|yes|no|on|off|true|false|null)$/i

function scalarText(value: string | number): string {
  if (typeof value === 'number') return String(value)
  if (plain.test(value) && !words.test(value)) return value
  // JSON is YAML, but for characters that YAML takes for a line break or forbids.
  return JSON.stringify(value.replaceAll(/\p{Surrogate}/gu, '\ufffd')).replaceAll(/[^ -~]/gu, escape)
}

// Two escapes for one character, as JSON writes them, are refused by kubectl (goyaml.v2, scannerc.go).
function escape(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16)
  return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`
}
