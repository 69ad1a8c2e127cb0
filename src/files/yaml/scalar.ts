export type Scalar = string | number | boolean | null

/**
 * The value of a plain (unquoted) scalar, as kubectl and the API server read it: YAML 1.1 booleans, octal `014`,
 * `1_000`, no base 60, no timestamps (`sigs.k8s.io/yaml/goyaml.v2/resolve.go`). NaN and the infinities come out as
 * numbers, which the caller refuses as JSON does. An integer that a double would round is kept as its decimal digits,
 * a string: exact, readable as a quantity, and safe in JSON.stringify, which a BigInt is not.
 */
export function resolvePlain(text: string): Scalar {
  const first = text.charCodeAt(0)
  if (first === Dot || first === Plus || first === Minus || (first >= Zero && first <= Nine)) return resolveNumber(text)
  if (text.length > 5) return text
  const word = words.get(text)
  return word === undefined ? text : word
}

/** The name that a plain map key gets in JSON; undefined where kubectl refuses it. */
export function resolveKey(text: string): string | undefined {
  const key = resolvePlain(text)
  if (typeof key !== 'number') return key === null ? undefined : String(key)
  const plain = text.replaceAll('_', '')
  if (!integer.test(plain)) return floatKey(special.test(text) ? key : Number(plain))
  return Number.isSafeInteger(key) ? String(key) : undefined
}

const [Plus, Minus, Dot, Zero, Nine] = [0x2b, 0x2d, 0x2e, 0x30, 0x39]

const words: ReadonlyMap<string, Scalar> = new Map<string, Scalar>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
])

const special = /^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/
const dotFloat = /^\.\d+(?:_\d+)*(?:[eE][-+]?\d+(?:_\d+)*)?$/
const float = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/
const integer = /^([-+]?)(?:0[xX]([\da-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|([1-9]\d*|0))$/

function resolveNumber(text: string): Scalar {
  if (special.test(text))
    return text.endsWith('n') || text.endsWith('N') ? NaN : text.startsWith('-') ? -Infinity : Infinity
  if (text.startsWith('.')) return dotFloat.test(text) ? finite(text.replaceAll('_', ''), text) : text
  const plain = text.includes('_') ? text.replaceAll('_', '') : text
  const match = integer.exec(plain)
  if (match) return resolveInteger(match, plain)
  return float.test(plain) ? finite(plain, text) : text
}

function resolveInteger([, sign, hex, binary, octal, decimal]: RegExpExecArray, plain: string): Scalar {
  if (decimal !== undefined && decimal.length < 16) return Number(plain) + 0
  const magnitude = decimal ?? (hex && `0x${hex}`) ?? (binary && `0b${binary}`) ?? `0o${octal ?? ''}`
  const exact = sign === '-' ? -BigInt(magnitude) : BigInt(magnitude)
  const value = Number(exact)
  if (Number.isSafeInteger(value)) return value
  if (BigInt.asIntN(64, exact) === exact) return String(exact)
  // Past 64 bits Go falls back to a double, and only for what also reads as a decimal.
  return BigInt.asUintN(64, exact) === exact ? value : float.test(plain) ? finite(plain, plain) : plain
}

// A number too large for a double is no number to Go, so it stays the text it was.
function finite(text: string, original: string): Scalar {
  const value = Number(text)
  return Number.isFinite(value) ? value + 0 : original
}

// strconv.FormatFloat(key, 'g', -1, 32): the shortest digits that give back the same 32-bit float.
function floatKey(key: number): string {
  const narrow = Math.fround(key)
  if (Number.isNaN(narrow)) return '.nan'
  if (!Number.isFinite(narrow)) return narrow > 0 ? '.inf' : '-.inf'
  if (narrow === 0) return Object.is(narrow, -0) ? '-0' : '0'
  let shortest = narrow
  for (let digits = 1; digits <= 9; digits++) {
    shortest = Number(narrow.toPrecision(digits))
    if (Math.fround(shortest) === narrow) break
  }
  const [mantissa = '', exponent = ''] = shortest.toExponential().split('e')
  const power = Number(exponent)
  if (power >= -4 && power < 6) return String(shortest)
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
}
