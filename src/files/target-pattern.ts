/**
 * Whether what kustomize is told of a target means `text`; undefined where it is not understood. It takes kinds, names
 * and their like as regular expressions of RE2 that match as a whole, `''` as any (`kustomize/api/types/selector.go`).
 * RegExp would take exponential time for patterns that RE2 reads in linear time, and a repository is not trusted: here
 * a pattern turns all places of the text where it may begin into those where it may end.
 */
export function matchesText(pattern: string, text: string): boolean | undefined {
  if (pattern === '') return true
  if (pattern.length > longest || text.length > longest) return undefined
  const reader: Reader = { pattern, at: 0, depth: 0 }
  try {
    const step = readChoice(reader)
    if (reader.at < pattern.length) return undefined
    return step(new Set([0]), text).has(text.length)
  } catch (error) {
    if (error === notUnderstood) return undefined
    throw error
  }
}

/** From the places where a match may begin to those where it may end. */
type Step = (from: ReadonlySet<number>, text: string) => ReadonlySet<number>

interface Reader {
  readonly pattern: string
  at: number
  depth: number
}

// Names have 253 characters at most, and the time grows with both lengths and, by a power, with nested repetitions.
const longest = 1000
const deepest = 20
const notUnderstood = new Error('not understood')

function readChoice(reader: Reader): Step {
  const steps = [readSequence(reader)]
  while (reader.pattern[reader.at] === '|') {
    reader.at++
    steps.push(readSequence(reader))
  }
  return (from, text) => new Set(steps.flatMap((step) => [...step(from, text)]))
}

function readSequence(reader: Reader): Step {
  const steps: Step[] = []
  while (reader.at < reader.pattern.length && !'|)'.includes(reader.pattern.charAt(reader.at)))
    steps.push(readRepeated(reader))
  return (from, text) => steps.reduce((places, step) => step(places, text), from)
}

function readRepeated(reader: Reader): Step {
  const begin = reader.at
  const step = readAtom(reader)
  const inner = reader.pattern.slice(begin, reader.at)
  const sign = reader.pattern.charAt(reader.at)
  if (sign === '{') throw notUnderstood
  if (!'*+?'.includes(sign) || sign === '') return step
  reader.at++
  // Whether as little or as much as possible is taken does not decide whether the whole matches.
  if (reader.pattern[reader.at] === '?') reader.at++
  if ('*+?{'.includes(reader.pattern.charAt(reader.at) || ' ')) throw notUnderstood
  if (sign === '?') return (from, text) => new Set([...from, ...step(from, text)])
  if (/[*+]/.test(inner) && inner.length > 2) throw notUnderstood
  return (from, text) => repeated(step, sign === '*' ? from : step(from, text), text)
}

function repeated(step: Step, from: ReadonlySet<number>, text: string): ReadonlySet<number> {
  const reached = new Set(from)
  for (let fresh = [...from]; fresh.length > 0;) {
    fresh = [...step(new Set(fresh), text)].filter((place) => !reached.has(place))
    for (const place of fresh) reached.add(place)
  }
  return reached
}

function readAtom(reader: Reader): Step {
  const sign = reader.pattern.charAt(reader.at++)
  if (sign === '^') return (from) => new Set([...from].filter((place) => place === 0))
  if (sign === '$') return (from, text) => new Set([...from].filter((place) => place === text.length))
  if (sign === '.') return one((char) => char !== '\n')
  if (sign === '\\') return one(readEscape(reader))
  if (sign === '[') return one(readClass(reader))
  if (sign === '(') return readGroup(reader)
  if ('*+?{'.includes(sign)) throw notUnderstood
  return one((char) => char === sign)
}

function readGroup(reader: Reader): Step {
  if (++reader.depth > deepest) throw notUnderstood
  if (reader.pattern.startsWith('?:', reader.at)) reader.at += 2
  const step = readChoice(reader)
  if (reader.pattern[reader.at++] !== ')') throw notUnderstood
  reader.depth--
  return step
}

type Test = (char: string) => boolean

function one(test: Test): Step {
  return (from, text) =>
    new Set([...from].filter((place) => place < text.length && test(text.charAt(place))).map((place) => place + 1))
}

function readEscape(reader: Reader): Test {
  const char = reader.pattern.charAt(reader.at++)
  const known = classes.get(char)
  if (known) return (tested) => known.test(tested)
  if (!/^[^\w\s]$/.test(char)) throw notUnderstood
  return (tested) => tested === char
}

const classes: ReadonlyMap<string, RegExp> = new Map([
  ['d', /[0-9]/],
  ['D', /[^0-9]/],
  ['w', /[0-9A-Za-z_]/],
  ['W', /[^0-9A-Za-z_]/],
])

function readClass(reader: Reader): Test {
  // What stands between the brackets: no named classes, no bracket within.
  const found = /^(\^?)((?:[\w. -]|\\[dw.-])+)\]/.exec(reader.pattern.slice(reader.at, reader.at + 100))
  if (!found) throw notUnderstood
  reader.at += found[0].length
  const [, not = '', members = ''] = found
  const test = safely(`^[${not}${members}]$`)
  return (char) => test.test(char)
}

// A range that runs backwards is no pattern, to RE2 either.
function safely(source: string): RegExp {
  try {
    return new RegExp(source)
  } catch {
    throw notUnderstood
  }
}
