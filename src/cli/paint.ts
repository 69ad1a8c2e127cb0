import type { Paint, Style } from '../report/paint.ts'

const codes: { readonly [S in Style]: number } = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34 }

/** Colours only what a terminal shows, and only where nobody said NO_COLOR (https://no-color.org). */
export function paintFor(stream: { readonly isTTY?: boolean }): Paint {
  const coloured = stream.isTTY === true && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb'
  return coloured ? (style, text) => `\u001b[${String(codes[style])}m${text}\u001b[0m` : (_style, text) => text
}
