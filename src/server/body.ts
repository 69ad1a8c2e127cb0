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
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const byte = text[at]
    if (inString) {
      if (byte === backslash) at++
      else if (byte === quote) inString = false
    } else if (byte === quote) inString = true
    else if (byte === openBrace || byte === openBracket) {
      if (++depth > levels) return true
    } else if (byte === closeBrace || byte === closeBracket) depth--
  }
  return false
}

const [quote, backslash, openBrace, closeBrace, openBracket, closeBracket] = [0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d]
