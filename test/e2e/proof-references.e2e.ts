import t from 'tap'
import { sound } from './support/case.ts'
import { settled } from './support/drain.ts'
import { findingOf, record, seen } from './support/evidence.ts'
import { openNamespace } from './support/namespace.ts'
import { deployment } from './support/objects.ts'
import { podOf } from './support/pods-and-claims.ts'
import { proveRefused, silent, told } from './support/refused-pods.ts'
import { useCluster } from './support/shared-cluster.ts'
import { startWebhook } from './support/webhook.ts'

const rule = 'compute-reference-missing'

t.test('what pods name and nobody made', async (t) => {
  t.jobs = 3
  const cluster = await useCluster(t)
  const webhook = await startWebhook(t, cluster, 'proof-references')

  t.test(`${rule}: a PriorityClass`, async (t) => {
    const priorityClass = { metadata: { name: 'proof-high' }, value: 1000 }
    const created = await cluster.request('POST', '/apis/scheduling.k8s.io/v1/priorityclasses', priorityClass)
    t.equal(created.status, 201)
    await proveRefused(t, cluster, webhook, {
      rule,
      name: 'a mistyped PriorityClass',
      id: 'references-priority',
      applied: 'a Deployment that mistypes the name of its PriorityClass',
      before: [],
      faulty: deployment({ pod: { priorityClassName: 'proof-hihg' } }),
      refused: /no PriorityClass with name proof-hihg was found/,
      finding: /the pods name PriorityClass proof-hihg, which does not exist; write proof-high if that is meant/,
      typed: (finding) => ({
        workload: deployment({ pod: { priorityClassName: seen(finding, /(?<=; write )[\w-]+/) } }),
      }),
      mended: 'with the name that the finding proposes all Pods run',
    })
  })

  t.test(`${rule}: a RuntimeClass`, (t) =>
    proveRefused(t, cluster, webhook, {
      rule,
      name: 'a RuntimeClass that nobody made',
      id: 'references-runtime',
      applied: 'a Deployment with the RuntimeClass of another cluster',
      before: [],
      faulty: deployment({ pod: { runtimeClassName: 'proof-sandbox' } }),
      refused: /pod rejected: RuntimeClass "proof-sandbox" not found/,
      finding: /the pods name RuntimeClass proof-sandbox, which does not exist; create it, or correct runtimeClassName/,
      typed: () => ({ workload: deployment({ pod: { runtimeClassName: null } }) }),
      mended: 'without the name all Pods run',
    }),
  )

  t.test(`${rule}: a scheduler`, async (t) => {
    const nobodys = sound('web', { pod: { schedulerName: 'nobody' } })
    const open = await openNamespace(cluster, 'references-scheduler')
    await open.accept(nobodys)
    const pod = await podOf(open, 'web')
    // By the time that younger Pods run, the scheduler has come to this one too.
    await open.accept(deployment({ name: 'younger' }))
    await settled(open, 'younger')
    const status = (await open.get(`pods/${pod}`)).at('status')
    t.equal(status.at('phase').text, 'Pending')
    t.same(status.at('conditions').items, [], 'no condition says why')
    const described = await open.kubectl(['describe', 'pod', pod])
    const nothing = /Events:\s+<none>/
    t.match(described.stdout, nothing)

    const strict = await startWebhook(t, cluster, 'proof-references-strict', { profile: 'strict' })
    const guarded = await openNamespace(cluster, 'references-scheduler-mended', strict.name)
    const finding = findingOf(await told(guarded, rule, nobodys), rule)
    t.match(finding, /wait for scheduler nobody.*; remove schedulerName/)
    const mended = sound('web')
    await silent(guarded, rule, mended)
    await guarded.accept(mended)
    await settled(guarded)
    record({
      rule,
      name: 'a scheduler of nobody',
      applied: 'a Deployment that names a scheduler which nobody runs',
      outage: 'its Pods stay Pending without any condition, because nobody looks at it',
      by: '`kubectl describe pod`',
      message: seen(described.stdout, nothing).replace(/\s+/g, ' '),
      finding,
      mended: 'without `schedulerName` all Pods run',
    })
  })
})
