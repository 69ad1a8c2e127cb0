import fc from 'fast-check'
import t from 'tap'
import {
  addQuantities,
  bytes,
  compareQuantities,
  formatQuantity,
  isWhole,
  milli,
  multiplyQuantity,
  parseQuantity,
  quantityRefusal,
  zeroQuantity,
  type Quantity,
} from '../../src/sdk/quantities.ts'
import { quantities } from '../fixtures/quantities.ts'

t.test('every text is read as apimachinery reads it', async (t) => {
  for (const [text, expected, nano, format] of quantities) {
    const quantity = parseQuantity(text)
    if (nano === undefined) {
      t.equal(quantity, undefined, text)
      t.match(quantityRefusal(text), expected, text)
      continue
    }
    t.strictSame(quantity, { nano, format }, text)
    t.equal(quantity && formatQuantity(quantity), lastKnownForm(expected, nano), text)
  }
})

t.test('values that are no text', async (t) => {
  for (const [value, form] of [
    [null, '0'],
    [128, '128'],
    [0.5, '500m'],
    [1e21, '1e21'],
    [1e-7, '100e-9'],
    [2n ** 63n, '9223372036854775808'],
    [' 5Mi\u00a0', '5Mi'],
  ] as const) {
    t.equal(formatQuantity(parseQuantity(value) ?? zeroQuantity), form, String(value))
  }
  for (const value of [undefined, true, {}, [], ['1'], NaN, Infinity, '1'.repeat(257)]) {
    t.equal(parseQuantity(value), undefined)
    t.match(quantityRefusal(value), typeof value === 'string' ? 'suffix' : 'must match')
  }
  t.equal(parseQuantity('1e999999999')?.nano, 10n ** 1009n, 'no number of a billion digits is ever built')
  t.equal(parseQuantity('1e-999999999')?.nano, 1n)
  t.equal(parseQuantity('1e4294967296')?.nano, 10n ** 9n, 'exponents are cut to 32 bits, as there')
})

t.test('bytes and thousandths round away from zero', async (t) => {
  const rounded = (text: string) => {
    const quantity = parseQuantity(text) ?? zeroQuantity
    return [bytes(quantity), milli(quantity), isWhole(quantity)]
  }
  t.strictSame(rounded('128m'), [1n, 128n, false])
  t.strictSame(rounded('1.1Gi'), [1181116007n, 1181116006400n, false])
  t.strictSame(rounded('100u'), [1n, 1n, false])
  t.strictSame(rounded('-0.5'), [-1n, -500n, false])
  t.strictSame(rounded('0.5Gi'), [536870912n, 536870912000n, true])
})

// Another formulation: a fraction of two whole numbers, rounded once at the end.
const powers = new Map<string, readonly [numerator: bigint, denominator: bigint]>([
  ['n', [1n, 10n ** 9n]],
  ['u', [1n, 10n ** 6n]],
  ['m', [1n, 1000n]],
  ['', [1n, 1n]],
  ...['k', 'M', 'G', 'T', 'P', 'E'].map((suffix, i) => [suffix, [1000n ** BigInt(i + 1), 1n]] as const),
  ...['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].map((suffix, i) => [suffix, [1n << BigInt(10 * (i + 1)), 1n]] as const),
])
const typed = fc.record({
  negative: fc.boolean(),
  whole: fc.bigInt(0n, 10n ** 12n),
  fraction: fc.string({ unit: fc.constantFrom('0', '5', '9'), maxLength: 12 }),
  suffix: fc.oneof(fc.constantFrom(...powers.keys()), fc.integer({ min: -15, max: 15 })),
})

t.test('the value is that of the fraction', async () => {
  fc.assert(
    fc.property(typed, fc.constantFrom('e', 'E'), ({ negative, whole, fraction, suffix }, letter) => {
      const text = `${negative ? '-' : ''}${whole}.${fraction}${typeof suffix === 'number' ? letter + suffix : suffix}`
      const [up, down] = typeof suffix === 'number' ? powerOfTen(suffix) : (powers.get(suffix) ?? [0n, 1n])
      const numerator = (whole * 10n ** BigInt(fraction.length) + BigInt(fraction || '0')) * up * 10n ** 9n
      const denominator = 10n ** BigInt(fraction.length) * down
      let nano = numerator / denominator + (numerator % denominator > 0n ? 1n : 0n)
      if (String(suffix).endsWith('i') && nano > (2n ** 63n - 1n) * 10n ** 9n) nano = (2n ** 63n - 1n) * 10n ** 9n
      return parseQuantity(text)?.nano === (negative ? -nano : nano)
    }),
    { numRuns: 500 },
  )
})

const quantity: fc.Arbitrary<Quantity> = fc.record({
  nano: fc.oneof(fc.bigInt(-(10n ** 27n), 10n ** 27n), fc.bigInt(-5000n, 5000n)),
  format: fc.constantFrom('DecimalSI', 'BinarySI', 'DecimalExponent'),
})

t.test('canonical forms are exact and say so to their reader', async () => {
  fc.assert(fc.property(quantity, (value) => parseQuantity(formatQuantity(value))?.nano === value.nano))
  fc.assert(
    fc.property(quantity, (value) => {
      const form = formatQuantity(value)
      return formatQuantity(parseQuantity(form) ?? zeroQuantity) === form && !form.includes('.')
    }),
  )
})

t.test('sums, multiples and order', async (t) => {
  fc.assert(
    fc.property(quantity, quantity, fc.nat(1000), (a, b, times) => {
      const sum = addQuantities(a, b).nano
      let added = zeroQuantity
      for (let i = 0; i < times % 20; i++) added = addQuantities(added, a)
      return (
        sum === a.nano + b.nano &&
        multiplyQuantity(a, times % 20).nano === added.nano &&
        compareQuantities(a, b) === -compareQuantities(b, a) + 0 &&
        Math.sign(compareQuantities(a, b)) === Number(a.nano > b.nano) - Number(a.nano < b.nano)
      )
    }),
  )
  const [gi, mi] = [parseQuantity('1Gi') ?? zeroQuantity, parseQuantity('512Mi') ?? zeroQuantity]
  t.equal(formatQuantity(addQuantities(gi, mi)), '1536Mi')
  t.equal(
    formatQuantity(addQuantities(zeroQuantity, gi)),
    '1Gi',
    'a sum that begins with nothing takes the form of the first',
  )
  t.equal(compareQuantities(parseQuantity('1000m') ?? gi, parseQuantity('1') ?? mi), 0)
})

/** Up to 1.37 the API server dropped an exponent for which it had no suffix (`1000E` became `1`); later ones write it as `1e21`. */
function lastKnownForm(form: string, nano: bigint): string {
  const value = parseQuantity(form)?.nano
  if (value === nano) return form
  return `${form}e21`
}

function powerOfTen(exponent: number): readonly [bigint, bigint] {
  return exponent >= 0 ? [10n ** BigInt(exponent), 1n] : [1n, 10n ** BigInt(-exponent)]
}
