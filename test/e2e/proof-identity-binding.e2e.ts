import t from 'tap'
import { waitFor } from '../control-plane/wait.ts'
import { settled } from './support/drain.ts'
import { findingOf, record, seen } from './support/evidence.ts'
import { openNamespace } from './support/namespace.ts'
import { deployment } from './support/objects.ts'
import { useCluster } from './support/shared-cluster.ts'
import { startWebhook } from './support/webhook.ts'

const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'payments' } }
const under = (serviceAccountName: string) => deployment({ pod: { serviceAccountName } })

t.test('service accounts', async (t) => {
  const cluster = await useCluster(t)
  const webhook = await startWebhook(t, cluster, 'proof-accounts')
  const rule = 'identity-service-account-missing'

  t.test(`${rule}: a name with a slip`, async (t) => {
    const open = await openNamespace(cluster, 'proof-accounts')
    await open.accept(account, under('paymets'))
    const rejected = /error looking up service account \S+: serviceaccount "paymets" not found/
    const events = await waitFor('the ReplicaSet to fail', () => open.events('FailedCreate'), {
      until: (messages) => messages.some((message) => rejected.test(message)),
    })
    t.same((await open.get('pods')).at('items').value, [], 'no Pod of the accepted Deployment exists')

    const guarded = await openNamespace(cluster, 'proof-accounts-mended', webhook.name)
    await guarded.accept(account)
    const { stderr: warned } = await waitFor('the webhook to know the account', () => guarded.apply(under('paymets')), {
      until: ({ stderr }) => stderr.includes('payments'),
    })
    const typed = /write serviceAccountName: (\S+),/.exec(findingOf(warned, rule))?.[1] ?? ''
    t.equal(typed, 'payments', 'the warning says which account was meant')
    await guarded.accept(under(typed))
    await settled(guarded)
    record({
      rule,
      name: 'slip',
      applied: 'a Deployment whose `serviceAccountName` is that of no ServiceAccount',
      outage: 'the Deployment is accepted and has no Pod',
      by: 'ReplicaSet controller, event FailedCreate',
      message: seen(events.join('\n'), rejected).replace(/account \S+:/, 'account <namespace>/paymets:'),
      finding: findingOf(warned, rule),
      mended: 'with the name that the warning proposes all Pods run',
    })
  })
})
