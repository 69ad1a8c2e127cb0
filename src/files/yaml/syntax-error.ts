import type { ErrorCode } from 'yaml'
import { ReadError, tooDeep } from './marks.ts'

/** An error of the parser in words of our own: the parser's may quote the text, which may be a Secret. */
export function syntaxError(code: ErrorCode, offset: number, parserMessage: string, text: string): ReadError {
  // The parser ran out of stack.
  if (code === 'RESOURCE_EXHAUSTION') return tooDeep(offset)
  if (looksLikeTemplate(text, offset)) return templateError(offset)
  return new ReadError('D2_YAML_SYNTAX', offset, sentence(code, parserMessage))
}

/** True if the document up to this line, or the line itself, holds an expression of a template where YAML expects a value. */
export function looksLikeTemplate(text: string, offset: number): boolean {
  const end = text.indexOf('\n', offset)
  const before = text.slice(0, end < 0 ? text.length : end)
  return (
    /^\s*(?:- )?(?:[\w."'/-]+:\s*)?(?:\{\{|\{%)/m.test(before) ||
    before.slice(before.lastIndexOf('\n') + 1).includes('{{')
  )
}

export function templateError(offset: number): ReadError {
  return new ReadError(
    'D2_YAML_TEMPLATE',
    offset,
    'this is a template, not YAML: render it first (helm template … | day2 check -)',
  )
}

function sentence(code: ErrorCode, message: string): string {
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'a tab is used as indentation: use spaces'
    case 'BAD_INDENT':
      return 'the indentation does not fit: the entries of one map or list begin in the same column'
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'a second "key: value" on one line: quote the value, or begin a new line'
    case 'MULTILINE_IMPLICIT_KEY':
      return 'a key must be on one line and be followed by a colon'
    case 'BAD_SCALAR_START':
      return 'a value cannot begin with this character: quote it'
    case 'BAD_DQ_ESCAPE':
      return 'an unknown escape sequence in a double-quoted string'
    case 'MISSING_CHAR':
      return missing(message)
    case 'BAD_ALIAS':
    case 'ALIAS_PROPS':
      return 'an anchor (&) or alias (*) that cannot be read'
    case 'MULTIPLE_ANCHORS':
    case 'MULTIPLE_TAGS':
      return 'a value has at most one anchor and one tag'
    default:
      return 'text that is not expected here: check indentation, quotes and brackets on this line and the one before'
  }
}

function missing(message: string): string {
  if (message.includes('quote')) return 'a quoted string is not closed'
  if (message.includes('Implicit map keys')) return 'a key without a value: write "key: value"'
  if (message.includes('Comments')) return 'a comment (#) needs a space before it: quote the value if it is none'
  if (message.includes(', ')) return 'a comma or a closing bracket is missing'
  return 'a character is missing: check quotes, brackets and colons on this line and the one before'
}
