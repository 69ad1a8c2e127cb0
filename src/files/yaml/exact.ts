import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type ParsedNode,
  parseDocument,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { recordOf } from '../../sdk/shape.ts'
import { childOf, type Duplicate, type Mark, maxDepth, ReadError, type Reading, setOwn, tooDeep } from './marks.ts'
import { keyOf, scalarOf, type Words } from './tagged.ts'
import { looksLikeTemplate, syntaxError, templateError } from './syntax-error.ts'

/**
 * Reads any document, with positions: the parser is the `yaml` package, what its nodes mean is kubectl's
 * (`sigs.k8s.io/yaml/goyaml.v2/decode.go`). Aliases are shared, not copied, and refused where they would blow up.
 */
export function readExactly(text: string, words: Words = 'kubernetes'): Reading {
  const document = parse(text)
  const [error] = document.errors
  if (error) throw syntaxError(error.code, error.pos[0], error.message, text)
  const builder: Builder = { text, words, anchors: new Map(), scalars: new Map(), duplicates: [], aliased: 0 }
  const root = document.contents
  if (!root) return { value: null, mark: { offset: 0 }, duplicates: [] }
  const built = build(root, builder, 0)
  return { value: built.value, mark: built.mark, duplicates: builder.duplicates }
}

interface Built {
  readonly value: unknown
  readonly mark: Mark
  /** Nodes in it, those behind aliases counted each time. */
  readonly size: number
}

interface Builder {
  readonly text: string
  readonly words: Words
  readonly anchors: Map<string, Built | undefined>
  /** Anchored scalars as nodes: an alias may stand for a key. */
  readonly scalars: Map<string, Scalar.Parsed>
  readonly duplicates: Duplicate[]
  aliased: number
}

function parse(text: string) {
  try {
    return parseDocument(text, {
      schema: 'failsafe',
      resolveKnownTags: false,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
    })
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep(0)
    throw error
  }
}

function build(node: ParsedNode | null, builder: Builder, depth: number): Built {
  if (!node) return { value: null, mark: { offset: 0 }, size: 1 }
  const offset = node.range[0]
  if (depth > maxDepth) throw tooDeep(offset)
  if (isAlias(node)) return follow(node, builder)
  // Begun, not finished: an alias inside would contain itself.
  if (node.anchor) builder.anchors.set(node.anchor, undefined)
  const built = isMap(node)
    ? buildMap(node, builder, depth)
    : isSeq(node)
      ? buildSequence(node, builder, depth)
      : { value: scalarOf(node, builder.words), mark: { offset }, size: 1 }
  if (node.anchor) {
    builder.anchors.set(node.anchor, built)
    if (isScalar(node)) builder.scalars.set(node.anchor, node)
  }
  return built
}

function buildSequence(node: YAMLSeq.Parsed, builder: Builder, depth: number): Built {
  const built = node.items.map((item) => build(item, builder, depth + 1))
  const marks = built.map(({ mark }, index) => ({ ...mark, offset: node.items[index]?.range[0] ?? mark.offset }))
  const size = built.reduce((sum, item) => sum + item.size, 1)
  return { value: built.map(({ value }) => value), mark: { offset: node.range[0], inner: marks }, size }
}

function buildMap(node: YAMLMap.Parsed, builder: Builder, depth: number): Built {
  const value: Record<string, unknown> = {}
  const marks = new Map<string, Mark>()
  const written = new Map<string, number>()
  let size = 1
  for (const pair of node.items) {
    const offset = pair.key.range[0]
    if (isMergeKey(pair.key)) {
      size += merge(pair.value, offset, { value, marks }, builder, depth)
      continue
    }
    const key = keyName(pair.key, builder)
    const first = written.get(key)
    if (first !== undefined) builder.duplicates.push({ key, first, second: offset })
    written.set(key, offset)
    const built = build(pair.value, builder, depth + 1)
    setOwn(value, key, built.value)
    marks.set(key, { offset, inner: built.mark.inner })
    size += built.size
  }
  return { value, mark: { offset: node.range[0], inner: marks }, size }
}

// What go-yaml v2 does: a merge takes effect where it stands, so it wins over keys written before it; of several
// sources the first wins.
function merge(
  source: ParsedNode | null,
  offset: number,
  into: { value: Record<string, unknown>; marks: Map<string, Mark> },
  builder: Builder,
  depth: number,
): number {
  const sources = isSeq(source) ? source.items.toReversed() : [source]
  let size = 0
  for (const node of sources) {
    const built = build(node, builder, depth + 1)
    const entries = recordOf(built.value)
    if (!entries)
      throw new ReadError('D2_YAML_MERGE', offset, 'a merge key (<<) needs a map, or a list of maps, as its value')
    for (const [key, value] of Object.entries(entries)) {
      setOwn(into.value, key, value)
      into.marks.set(key, childOf(built.mark, key) ?? { offset })
    }
    size += built.size
  }
  return size
}

function keyName(node: ParsedNode, builder: Builder): string {
  const scalar = isAlias(node) ? builder.scalars.get(node.source) : node
  if (isScalar(scalar)) {
    if (isScalar(node) && node.anchor) build(node, builder, 0)
    const key = keyOf(scalar, builder.words)
    if (key !== undefined) return key
  }
  if (looksLikeTemplate(builder.text, node.range[0])) throw templateError(node.range[0])
  throw new ReadError('D2_YAML_KEY', node.range[0], 'a map key must be a string, a number or a boolean')
}

function isMergeKey(node: ParsedNode): boolean {
  if (!isScalar(node) || node.value !== '<<') return false
  return node.tag === 'tag:yaml.org,2002:merge' || (node.tag === undefined && node.type === 'PLAIN')
}

// Go's limit: a large document may not consist of aliases for the most part (decode.go, allowedAliasRatio).
function follow(node: Alias.Parsed, builder: Builder): Built {
  const offset = node.range[0]
  const target = builder.anchors.get(node.source)
  if (!target) {
    const message = builder.anchors.has(node.source)
      ? 'an anchor contains itself'
      : 'an alias (*) has no anchor (&) before it'
    throw new ReadError('D2_YAML_ALIAS', offset, message)
  }
  builder.aliased += target.size
  if (builder.aliased > maxAliased)
    throw new ReadError('D2_YAML_ALIASES', offset, 'the aliases of this document expand to too many values')
  return target
}

const maxAliased = 200_000
