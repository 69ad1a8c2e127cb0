import { problems, RequestProblem } from './problem.ts'

/**
 * Parses a JSON body. Plain JSON.parse keeps a key named `__proto__` as a key, which fastify's own parser refuses: such
 * names are legal in a ConfigMap. Errors say nothing of the text.
 */
export function parseBody(body: Buffer): unknown {
  if (body.length === 0) throw new RequestProblem(problems.empty)
  if (isNestedDeeper(body, deepest)) throw new RequestProblem(problems.tooDeep)
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw new RequestProblem(problems.notJson)
  }
}

// JSON.parse takes a million levels, and whatever walks the result by recursion dies of them.
const deepest = 1000

/** Whether JSON text opens more than so many objects and lists into each other. Linear, and no recursion. */
export function isNestedDeeper(text: Uint8Array, levels: number): boolean {
  let depth = 0
  const end = text.length
  for (let at = 0; at < end; at++) {
    const byte = text[at] ?? 0
    if (byte === quote) at = endOfString(text, at + 1)
    // Brackets and braces differ by one bit: [ and {, ] and }.
    else if ((byte | caseBit) === openBrace) {
      if (++depth > levels) return true
    } else if ((byte | caseBit) === closeBrace) depth--
  }
  return false
}

function endOfString(text: Uint8Array, from: number): number {
  let at = from
  for (; at < text.length; at++) {
    const byte = text[at]
    if (byte === quote) break
    if (byte === backslash) at++
  }
  return at
}

const quote = 0x22
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const caseBit = 0x20
