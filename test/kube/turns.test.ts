import t from 'tap'
import { turns } from '../../src/kube/turns.ts'

t.test('so many at a time, in order, also after failures', async (t) => {
  const inTurn = turns(2)
  const order: string[] = []
  const ends = new Map<number, (error?: Error) => void>()
  const work = (n: number) =>
    inTurn(async () => {
      order.push(`start ${n}`)
      await new Promise<void>((resolve, reject) => ends.set(n, (error) => (error ? reject(error) : resolve())))
      return n
    })
  const first = work(1)
  const second = work(2)
  const rest = [work(3), work(4)]
  const tick = () => new Promise((resolve) => setImmediate(resolve))
  await tick()
  t.strictSame(order, ['start 1', 'start 2'])
  ends.get(2)?.(new Error('two'))
  await t.rejects(second, { message: 'two' })
  const late = work(5)
  await tick()
  t.strictSame(order, ['start 1', 'start 2', 'start 3'])
  ends.get(1)?.()
  ends.get(3)?.()
  await tick()
  ends.get(4)?.()
  ends.get(5)?.()
  t.strictSame(await Promise.all([first, ...rest, late]), [1, 3, 4, 5])
  t.equal(order.at(-1), 'start 5')
})
