import fc from 'fast-check'
import t from 'tap'
import { closest, closestForFew } from '../../src/sdk/closest.ts'

t.test('the nearest of those that are near enough', async (t) => {
  t.equal(closest('dta', ['index', 'data', 'delta']), 'data')
  t.equal(closest('web', ['wbe', 'web']), 'web')
  t.equal(closest('checkout-api', ['checkout-web', 'chekcout-api']), 'chekcout-api')
  t.equal(closest('orders', ['payments', 'inventory']), undefined)
  t.equal(closest('a-long-name-of-a-service', ['another-name-of-service1']), undefined, 'six letters are another name')
  t.equal(closest('', ['ab', 'abc']), 'ab')
  t.equal(closest('web', []), undefined)
  t.equal(closest('a'.repeat(254), ['a'.repeat(254)]), undefined, 'longer than any name')
})

t.test('as the distance of the whole table says', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 14 })
  fc.assert(
    fc.property(text, fc.array(text, { maxLength: 6 }), (name, candidates) => {
      const limit = Math.min(5, Math.max(2, Math.floor(name.length / 3)))
      const near = candidates.map((each) => wholeTable(name, each)).filter((distance) => distance <= limit)
      const found = closest(name, candidates)
      if (near.length === 0) return found === undefined
      const least = Math.min(...near)
      return found === candidates.find((each) => wholeTable(name, each) === least)
    }),
  )
})

t.test('names that are long and alike cost no more the more there are of them', async (t) => {
  const read = (count: number) => {
    let taken = 0
    const names = function* () {
      for (; taken < count; taken++) yield `${'c'.repeat(240)}${String(taken).padStart(6, 'x')}`
    }
    closest(`${'c'.repeat(240)}abcdef`, names())
    return taken
  }
  t.equal(read(30), 30)
  t.ok(read(10_000) < 500, `${read(10_000)} of 10000`)
  t.equal(read(10_000), read(100_000))
})

t.test('ordinary names are all compared', async (t) => {
  const names = Array.from({ length: 3000 }, (_, index) => `service-${index}-of-shop`)
  t.equal(closest('chekout', [...names, 'checkout']), 'checkout')
})

t.test('only the first names of one object get a candidate', async (t) => {
  const near = closestForFew()
  const found = Array.from({ length: 8 }, () => near('dta', () => ['data']))
  t.same(found, [...Array.from({ length: 5 }, () => 'data'), undefined, undefined, undefined])
  let asked = 0
  near('dta', () => {
    asked += 1
    return []
  })
  t.equal(asked, 0, 'candidates are not even listed')
})

function wholeTable(a: string, b: string): number {
  const row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    let corner = row[0] ?? 0
    row[0] = i
    for (let j = 1; j <= b.length; j++) {
      const up = row[j] ?? 0
      row[j] = Math.min(corner + (a[i - 1] === b[j - 1] ? 0 : 1), up + 1, (row[j - 1] ?? 0) + 1)
      corner = up
    }
  }
  return row[b.length] ?? 0
}
