/** How a quantity was typed, and is shown again: `1536Mi`, `1500M`, `15e8`. */
type Format = 'BinarySI' | 'DecimalSI' | 'DecimalExponent'

/**
 * A quantity of the Kubernetes API, exact. The API itself keeps nothing finer than nano (10⁻⁹): it rounds away from
 * zero when it parses, so counting nanos loses nothing (apimachinery/pkg/api/resource/quantity.go).
 */
export interface Quantity {
  readonly nano: bigint
  readonly format: Format
}

export const zeroQuantity: Quantity = { nano: 0n, format: 'DecimalSI' }

/**
 * A quantity as the API server reads it from JSON: a string, a number (its decimal form) or null (0). Undefined for
 * what it refuses. It takes more than its documentation says: `m` and `+` are 0, blanks around are trimmed. Binary
 * quantities are capped at 2⁶³−1. Texts over 256 characters are refused here alone.
 */
export function parseQuantity(value: unknown): Quantity | undefined {
  if (value === null) return zeroQuantity
  const text = textOf(value)
  if (text === undefined || text.length > maxLength) return undefined
  const known = parsed.get(text)
  if (known) return known
  const quantity = parse(text)
  if (quantity) remember(text, quantity)
  return quantity
}

/** Why the API server refuses a value that parseQuantity does, in its own words. */
export function quantityRefusal(value: unknown): string {
  return outline.test(textOf(value)?.trim() ?? '')
    ? "unable to parse quantity's suffix"
    : `quantities must match the regular expression '${outlineQuoted}'`
}

/** Negative, zero or positive, as Array.prototype.sort wants it. */
export function compareQuantities(a: Quantity, b: Quantity): -1 | 0 | 1 {
  return a.nano < b.nano ? -1 : a.nano > b.nano ? 1 : 0
}

/** The sum, in the form of the first unless that is zero. */
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  return { nano: a.nano + b.nano, format: a.nano === 0n ? b.format : a.format }
}

/** A quantity a whole number of times. */
export function multiplyQuantity(quantity: Quantity, times: number | bigint): Quantity {
  return { nano: quantity.nano * BigInt(times), format: quantity.format }
}

/** Rounded up to a whole number of another: what to type has no odd bytes. The step must be above zero. */
export function roundUpTo(quantity: Quantity, step: Quantity): Quantity {
  return { nano: divideUp(quantity.nano, step.nano) * step.nano, format: step.format }
}

/** A share of a quantity, to the thousandth. */
export function fractionOf(quantity: Quantity, share: number): Quantity {
  return { nano: (quantity.nano * BigInt(Math.round(share * 1000))) / 1000n, format: quantity.format }
}

/** Whole units (bytes, cores), rounded away from zero as Value() does: `128m` of memory is 1 byte. */
export function bytes(quantity: Quantity): bigint {
  return divideUp(quantity.nano, nanos)
}

/** Thousandths, rounded away from zero as MilliValue() does. */
export function milli(quantity: Quantity): bigint {
  return divideUp(quantity.nano, nanos / 1000n)
}

/** True for a whole number of units: fractions of a byte are always a slip of the unit. */
export function isWhole(quantity: Quantity): boolean {
  return quantity.nano % nanos === 0n
}

/**
 * Canonical form as the API server writes it: no fraction, the largest suffix that keeps it exact, a binary one only
 * for whole numbers from 1024 (CanonicalizeBytes).
 */
export function formatQuantity({ nano, format }: Quantity): string {
  if (nano === 0n) return '0'
  const units = nano / nanos
  if (format === 'BinarySI' && nano % nanos === 0n && (units >= 1024n || units <= -1024n)) {
    const [mantissa, steps] = reduce(units, 1024n, binary.length - 1)
    return `${mantissa}${binary[steps] ?? ''}`
  }
  const [mantissa, steps] = reduce(nano, 1000n, Infinity)
  const exponent = steps * 3 - 9
  const suffix = format === 'DecimalExponent' ? undefined : decimal[steps]
  return `${mantissa}${suffix ?? (exponent === 0 ? '' : `e${exponent}`)}`
}

const nanos = 1_000_000_000n
const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const decimal = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E']
const maxBinary = (2n ** 63n - 1n) * nanos
const maxLength = 256

const grammar = /^[ \u00a0]*([+-]?)(\d*)(?:\.(\d*))?([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?[ \u00a0]*$/
// The API server quotes one expression where a text has not even the outline of a quantity, and scans by another.
const outline = /^[+-]?(?=.)\d*\.?\d*[eEinumkKMGTP]*[-+]?\d*$/
const outlineQuoted = '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'

// The same few quantities come again and again; parsing one costs as much as judging a whole container.
const parsed = new Map<string, Quantity>()
const maxParsed = 1024

function remember(text: string, quantity: Quantity): void {
  if (parsed.size >= maxParsed) parsed.clear()
  parsed.set(text, quantity)
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined
}

function parse(text: string): Quantity | undefined {
  const match = grammar.exec(text)
  if (!match || text.trim() === '') return undefined
  const [, sign, whole = '', fraction = '', suffix = ''] = match
  const scale = scaleOf(suffix)
  if (!scale) return undefined
  const digits = BigInt(`0${whole}${fraction}`) * scale.factor
  const nano = shift(digits, scale.exponent + 9 - fraction.length)
  const capped = scale.format === 'BinarySI' && nano > maxBinary ? maxBinary : nano
  // Less than one unit is shown in decimal, whatever it was typed in.
  const format = scale.format === 'BinarySI' && capped > 0n && capped < nanos ? 'DecimalSI' : scale.format
  return { nano: sign === '-' ? -capped : capped, format }
}

interface Scale {
  readonly format: Format
  readonly factor: bigint
  /** Power of ten. */
  readonly exponent: number
}

function scaleOf(suffix: string): Scale | undefined {
  const decimalStep = suffix === '' ? 3 : decimal.indexOf(suffix)
  if (decimalStep >= 0) return { format: 'DecimalSI', factor: 1n, exponent: decimalStep * 3 - 9 }
  const binaryStep = binary.indexOf(suffix)
  if (binaryStep >= 0) return { format: 'BinarySI', factor: 1024n ** BigInt(binaryStep), exponent: 0 }
  const exponent = BigInt(suffix.slice(1).replace('+', ''))
  if (exponent !== BigInt.asIntN(64, exponent)) return undefined
  return { format: 'DecimalExponent', factor: 1n, exponent: clamp(Number(BigInt.asIntN(32, exponent))) }
}

// Nothing real is that large or small, and numbers of a billion digits would stop the process.
function clamp(exponent: number): number {
  return Math.min(Math.max(exponent, -1000), 1000)
}

function shift(digits: bigint, exponent: number): bigint {
  return exponent >= 0 ? digits * 10n ** BigInt(exponent) : divideUp(digits, 10n ** BigInt(-exponent))
}

function divideUp(dividend: bigint, divisor: bigint): bigint {
  if (dividend < 0n) return -divideUp(-dividend, divisor)
  return (dividend + divisor - 1n) / divisor
}

/** Divides by the base as often as it goes without a rest, at most `most` times. */
function reduce(value: bigint, base: bigint, most: number): [mantissa: bigint, steps: number] {
  let steps = 0
  while (steps < most && value % base === 0n) {
    value /= base
    steps++
  }
  return [value, steps]
}
