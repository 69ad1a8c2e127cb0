/**
 * True for text that `JSON.parse` takes. To ask costs little; an error that is thrown and caught costs as much as a
 * hundred small documents.
 */
export function isJson(text: string): boolean {
  // The closing brackets that are still to come.
  const open: number[] = []
  let at = skipBlanks(text, 0)
  for (;;) {
    const first = text.charCodeAt(at)
    if (first === brace || first === bracket) {
      at = skipBlanks(text, at + 1)
      const empty = text.charCodeAt(at) === first + 2
      if (!empty) {
        open.push(first + 2)
        if (first === brace) at = valueOfMember(text, at)
        if (at < 0) return false
        continue
      }
      at++
    } else {
      at = first === quote ? endOfString(text, at) : endOfWord(text, at)
      if (at < 0) return false
    }
    at = skipBlanks(text, at)
    while (open.length > 0 && text.charCodeAt(at) === open[open.length - 1]) {
      open.pop()
      at = skipBlanks(text, at + 1)
    }
    if (open.length === 0) return at === text.length
    if (text.charCodeAt(at) !== comma) return false
    at = skipBlanks(text, at + 1)
    if (open[open.length - 1] === brace + 2) at = valueOfMember(text, at)
    if (at < 0) return false
  }
}

// A bracket and the one that closes it are two apart.
const [brace, bracket, quote, comma, colon, backslash] = [0x7b, 0x5b, 0x22, 0x2c, 0x3a, 0x5c]

// Offset of the value behind a key, -1 where there is no key.
function valueOfMember(text: string, at: number): number {
  if (text.charCodeAt(at) !== quote) return -1
  const end = endOfString(text, at)
  if (end < 0) return -1
  const behind = skipBlanks(text, end)
  return text.charCodeAt(behind) === colon ? skipBlanks(text, behind + 1) : -1
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) return at + 1
    if (code < 0x20) return -1
    if (code !== backslash) continue
    escape.lastIndex = at
    if (!escape.test(text)) return -1
    at = escape.lastIndex - 1
  }
  return -1
}

function endOfWord(text: string, at: number): number {
  word.lastIndex = at
  return word.test(text) ? word.lastIndex : -1
}

const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
const word = /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y

function skipBlanks(text: string, start: number): number {
  let at = start
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break
  }
  return at
}
