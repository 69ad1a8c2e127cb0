import fc from 'fast-check'
import t from 'tap'
import type { Finding } from '../../src/engine/finding.ts'
import type { KindName } from '../../src/sdk/objects.ts'
import { mostRelated } from '../../src/sdk/policy.ts'
import { autoscaler, budget, entry, lines, review, workload, type Named } from '../support/budget-cluster.ts'

t.test('whichever side is reviewed, the same pairs deadlock', async (t) => {
  let pairs = 0
  const app = fc.constantFrom('web', 'api')
  const amount = fc.oneof(
    fc.integer({ min: 0, max: 5 }).map((minAvailable) => ({ minAvailable })),
    fc.constantFrom('34%', '50%', '67%', '90%').map((minAvailable) => ({ minAvailable })),
    fc.integer({ min: 0, max: 2 }).map((maxUnavailable) => ({ maxUnavailable })),
  )
  const selector = fc.constantFrom(
    {},
    { matchLabels: { app: 'web' } },
    { matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'api'] }] },
  )
  const kind = fc.constantFrom<KindName>('Deployment', 'StatefulSet')
  const cluster = fc.record({
    workloads: fc.array(fc.tuple(kind, app, fc.integer({ min: 0, max: 4 })), { maxLength: 4 }),
    daemons: fc.array(app, { maxLength: 1 }),
    budgets: fc.array(fc.tuple(selector, amount), { maxLength: 3 }),
    autoscalers: fc.array(fc.tuple(kind, fc.nat(3), fc.integer({ min: 0, max: 3 })), { maxLength: 2 }),
  })
  fc.assert(
    fc.property(cluster, ({ workloads, daemons, budgets, autoscalers }) => {
      const all = [
        ...workloads.map(([kind, app, replicas], i) => workload(kind, `w${i}`, app, replicas)),
        ...daemons.map((app) => workload('DaemonSet', 'agent', app, 1)),
        ...budgets.map(([selector, amount], i) => budget(`b${i}`, { selector, ...amount })),
        ...autoscalers.map(([kind, target, min], i) => autoscaler(`h${i}`, kind, `w${target}`, min, min + 2)),
      ]
      const sides = { budget: new Set<string>(), workload: new Set<string>(), autoscaler: new Set<string>() }
      for (const subject of all) {
        for (const { rule, reason, related, object } of review(subject, all)) {
          if (rule !== 'compute-pdb-deadlock') continue
          const covered = related.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
          const over = related.find(({ kind }) => kind === 'PodDisruptionBudget')?.name ?? object.name
          if (object.kind === 'PodDisruptionBudget')
            for (const { name } of covered) sides.budget.add(`${over} ${name} ${reason}`)
          else if (object.kind === 'HorizontalPodAutoscaler') {
            const target = (subject.object as { spec?: { scaleTargetRef?: { name?: string } } }).spec?.scaleTargetRef
            sides.autoscaler.add(`${over} ${target?.name} ${reason}`)
          } else sides.workload.add(`${over} ${object.name} ${reason}`)
        }
      }
      pairs += sides.budget.size
      const same = [...sides.budget].sort().join() === [...sides.workload].sort().join()
      return same && [...sides.autoscaler].every((pair) => sides.budget.has(pair))
    }),
    { numRuns: 1000 },
  )
  t.ok(pairs > 100, `${pairs} pairs compared`)
})

t.test('who is refused, and who is only told', async (t) => {
  const selector = { matchLabels: { app: 'web' } }
  const over = budget('b', { selector, minAvailable: 2 })
  const web = (replicas: number) => workload('Deployment', 'web', 'web', replicas)
  const hpa = autoscaler('h', 'Deployment', 'web', 2, 9)
  const both = (subject: Named, cluster: readonly Named[], options: { subresource?: string; before?: Named } = {}) =>
    (['baseline', 'strict'] as const).map((profile) => {
      const found = review(subject, cluster, { profile, ...options })
      const own = found.filter(({ rule }) => rule === 'compute-pdb-deadlock')
      return own.map(({ reason, severity }) => `${reason} ${severity}`).join()
    })

  t.strictSame(both(over, [web(2)]), ['at-current deny', 'at-current deny'])
  t.strictSame(both(web(2), [over]), ['at-current warn', 'at-current deny'])
  t.strictSame(
    both(web(2), [over], { before: web(3) }),
    ['at-current warn', 'at-current warn'],
    'a scale-down by apply',
  )
  t.strictSame(both(web(2), [over], { before: web(3), subresource: 'scale' }), ['at-current warn', 'at-current warn'])
  t.strictSame(both(over, [web(5), hpa]), ['at-hpa-min warn', 'at-hpa-min deny'])
  t.strictSame(both(web(5), [over, hpa]), ['at-hpa-min warn', 'at-hpa-min deny'])
  t.strictSame(both(hpa, [over, web(5)]), ['at-hpa-min warn', 'at-hpa-min deny'])
  t.strictSame(both(over, [web(0)]), ['inactive audit', 'inactive audit'])
  t.strictSame(both(budget('b', { selector, minAvailable: 3 }), [web(2)], { before: over }), [
    'at-current warn',
    'at-current warn',
  ])
  t.strictSame(both(over, [web(5), hpa], { before: budget('b', { selector, minAvailable: 1 }) }), [
    'at-hpa-min warn',
    'at-hpa-min deny',
  ])
})

t.test('a budget that let no pod go may be relaxed, also where that is not enough yet', async (t) => {
  const web = { selector: { matchLabels: { app: 'web' } } }
  const cluster = [workload('Deployment', 'web', 'web', 1)]
  const change = (from: object, to: object) =>
    (['baseline', 'strict'] as const).flatMap((profile) =>
      review(budget('b', to), cluster, { profile, before: budget('b', from) })
        .filter(({ rule }) => rule === 'compute-pdb-deadlock')
        .map(({ reason, severity }) => `${reason} ${severity}`),
    )
  const warned = ['still-blocked warn', 'still-blocked warn']
  for (const from of [{ ...web, maxUnavailable: 0 }, { ...web, minAvailable: '100%' }, web, { selector: {} }])
    t.strictSame(change(from, { ...web, minAvailable: 1 }), warned, JSON.stringify(from))
  const refused = ['at-current deny', 'at-current deny']
  t.strictSame(change({ ...web, maxUnavailable: 1 }, { ...web, minAvailable: 1 }), refused)
  const other = { selector: { matchLabels: { app: 'api' } }, maxUnavailable: 0 }
  t.strictSame(change(other, { ...web, minAvailable: 1 }), refused, 'it blocked other pods')
})

t.test('one cause, one finding', async (t) => {
  const selector = { matchLabels: { app: 'web' } }
  const web = workload('Deployment', 'web', 'web', 1)
  const found = (spec: object) => lines(review(budget('b', spec), [web])).filter((line) => line.endsWith('deny'))
  t.strictSame(found({ selector, maxUnavailable: 0 }), ['compute-pdb-blocks-all max-unavailable-zero deny'])
  t.strictSame(found({ selector, minAvailable: '100%' }), ['compute-pdb-blocks-all min-available-100 deny'])
  t.strictSame(found({ selector }), ['compute-pdb-blocks-all unspecified deny'])
  t.strictSame(found({ selector, minAvailable: 1 }), ['compute-pdb-deadlock at-current deny'])
  t.strictSame(found({ maxUnavailable: 0 }), [], 'it selects nothing')
  t.strictSame(found({ selector: null, minAvailable: 1 }), [])
})

t.test('an owner without a scale is the cause, and the replicas are none', async (t) => {
  const selector = { matchLabels: { app: 'web' } }
  const web = workload('Deployment', 'web', 'web', 1)
  const found = (spec: object, ...others: readonly Named[]) =>
    lines(review(budget('b', { ...spec, unhealthyPodEvictionPolicy: 'AlwaysAllow' }), [web, ...others]))
  const agent = workload('DaemonSet', 'agent', 'web', 1)
  const noScale = 'compute-pdb-unscalable-owner no-scale deny'
  t.strictSame(found({ selector, minAvailable: '50%' }, agent), [noScale], 'a deadlock too, if it could be counted')
  t.strictSame(found({ selector, maxUnavailable: 0 }, agent), [
    'compute-pdb-blocks-all max-unavailable-zero deny',
    noScale,
  ])
  t.strictSame(found({ selector, minAvailable: 1 }, agent), [], 'how many pods the DaemonSet has is not known')
  const job = workload('Job', 'migrate', 'web', 1)
  t.strictSame(found({ selector, minAvailable: 1 }, job), ['compute-pdb-unscalable-owner finished-job-integer deny'])
})

t.test('a crowd of budgets is one fault, and is not compared each with each', async (t) => {
  let looks = 0
  const counted = <T extends object>(object: T, key: string, value: unknown): T =>
    Object.defineProperty(object, key, { enumerable: true, get: () => (looks++, value) })
  const crowd = (size: number) => {
    const all = Array.from({ length: size }, (_, i) => [
      entry('Deployment', `w${i}`, {
        replicas: 2,
        template: { metadata: counted({}, 'labels', { app: 'web' }), spec: { containers: [] } },
      }),
      budget(`b${i}`, counted({ minAvailable: 2 * size }, 'selector', { matchLabels: { app: 'web' } })),
    ]).flat()
    looks = 0
    const found = all.map((subject) => ({ subject, findings: review(subject, all) }))
    return { found, looks }
  }

  const { found, looks: few } = crowd(20)
  for (const { subject, findings } of found) {
    const overlaps = findings.filter(({ rule }) => rule === 'compute-pdb-overlap')
    t.equal(overlaps.length, 1, subject.name)
    t.match(overlaps[0]?.message, / 18 more/, 'all are counted')
    for (const { related } of findings) t.ok(related.length <= mostRelated, 'and some are named')
    const isBudget = subject.kind === 'PodDisruptionBudget'
    t.equal(findings.filter(({ rule }) => rule === 'compute-pdb-deadlock').length, isBudget ? 1 : 0)
  }
  const many = crowd(40).looks
  t.ok(many < 5 * few, `twice as many take ${many} looks after ${few}: the square, not the cube`)
})

t.test('a workload that stands there twice is unresolved from both sides', async (t) => {
  const blocked = (findings: readonly Finding[]) => lines(findings).filter((line) => !line.includes('unhealthy'))
  const over = budget('b', { selector: { matchLabels: { app: 'web' } }, minAvailable: 1 })
  const base = workload('Deployment', 'web', 'web', 1)
  const raised = workload('Deployment', 'web', 'web', 3)
  t.same(blocked(review(base, [over, base])), ['compute-pdb-deadlock at-current warn'])
  for (const subject of [base, raised, over]) t.same(blocked(review(subject, [over, base, raised])), [], subject.name)
  const agent = (replicas: number) => workload('DaemonSet', 'agent', 'web', replicas)
  const scaled = budget('b', { selector: { matchLabels: { app: 'web' } }, maxUnavailable: 1 })
  const [first, second] = [agent(1), agent(2)]
  for (const subject of [first, second, scaled]) t.same(blocked(review(subject, [scaled, first, second])), [])
})
