import t from 'tap'
import { oncePerReview } from '../../src/sdk/once-per-review.ts'

t.test('finds once for each object of a review, also where the old object is judged in turn', async (t) => {
  const asked: string[] = []
  const find = oncePerReview((object: { readonly name: string }, inventory: { readonly of: string }, more: string) => {
    asked.push(`${object.name} ${inventory.of} ${more}`)
    return `${object.name} among ${inventory.of}`
  })
  const [web, api] = [{ name: 'web' }, { name: 'api' }]
  const [fresh, old] = [{ of: 'new' }, { of: 'old' }]
  for (const inventory of [fresh, old, fresh, old]) {
    t.equal(find(web, inventory, 'x'), `web among ${inventory.of}`)
    t.equal(find(api, inventory, 'x'), `api among ${inventory.of}`)
  }
  t.strictSame(asked, ['web new x', 'api new x', 'web old x', 'api old x'])
})

t.test('the next review finds anew', async (t) => {
  let found = 0
  const find = oncePerReview((_object: object, _inventory: object) => ++found)
  const object = {}
  for (const inventory of [{}, {}, {}]) find(object, inventory)
  t.equal(found, 3)
})
