import t from 'tap'
import { lastAsked } from '../../src/sdk/last-asked.ts'

t.test('answers the last two questions from memory, and no others', async (t) => {
  let found = 0
  const ask = lastAsked((a: object, b: string) => ({ a, b, nth: ++found }))
  const [one, two, three] = [{}, {}, {}]
  const first = ask(one, 'x')
  t.equal(ask(one, 'x'), first)
  const second = ask(two, 'x')
  t.equal(ask(one, 'x'), first, 'the one before')
  t.equal(ask(two, 'x'), second)
  t.not(ask(one, 'y'), first, 'every argument counts')
  ask(three, 'x')
  t.not(ask(two, 'x'), second, 'what lies further back is found anew')
  t.equal(found, 5)
})
