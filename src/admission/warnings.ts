import type { Finding } from '../engine/finding.ts'
import { oneLine } from '../engine/one-line.ts'

/**
 * The warnings of a response. The API server drops a warning with a control character, may cut one of more than 256
 * characters, and drops all beyond 4,096 characters a request (apiserver/pkg/endpoints/filters/warning.go).
 */
export function warningsOf(findings: readonly Finding[], extra: readonly string[] = []): string[] {
  const texts = [...findings.map(warningOf).toSorted(), ...extra.map((text) => cut(oneLine(text), longestWarning))]
  const unique = [...new Set(texts)]
  const kept: string[] = []
  let room = totalBudget
  for (const [index, text] of unique.entries()) {
    const length = runes(text)
    const isLast = index === unique.length - 1
    if (length > room - (isLast ? 0 : reserve)) {
      kept.push(`+${unique.length - index} more, see audit annotation`)
      break
    }
    kept.push(text)
    room -= length
  }
  return kept
}

/** Cuts a text to a number of characters as Go counts them. */
export function cut(text: string, longest: number): string {
  if (text.length <= longest) return text
  const characters = [...text]
  return characters.length <= longest ? text : `${characters.slice(0, longest - 1).join('')}…`
}

const longestWarning = 256
const totalBudget = 4096
const reserve = '+1000000 more, see audit annotation'.length

function warningOf({ rule, message, fix }: Finding): string {
  return cut(oneLine(`[${rule}] ${message}; ${fix}`), longestWarning)
}

function runes(text: string): number {
  return [...text].length
}
