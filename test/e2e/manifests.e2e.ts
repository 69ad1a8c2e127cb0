import { join } from 'node:path'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { repository } from '../control-plane/repository.ts'
import { list } from './support/namespace.ts'
import { useCluster } from './support/shared-cluster.ts'

const account = 'system:serviceaccount:day2-admission:day2-admission'

t.test('the manifests install on a real API server', async (t) => {
  const cluster = await useCluster(t)
  const kubectl = async (args: readonly string[], input?: string): Promise<string> => {
    const { code, stdout, stderr } = await cluster.kubectl(args, input ? { input } : {})
    t.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`)
    return stdout
  }
  const objects = [...parseAllDocuments(await kubectl(['kustomize', join(repository, 'manifests')]))].map(
    (document) => document.toJS() as { readonly kind: string },
  )
  // The webhook configuration would make every other test of this cluster wait for a Service that nobody serves.
  const registration = objects.filter(({ kind }) => kind === 'ValidatingWebhookConfiguration')
  const rest = objects.filter((object) => !registration.includes(object))
  t.equal(registration.length, 1)
  await kubectl(['apply', '--dry-run=server', '--validate=strict', '-f', '-'], list(registration))
  t.teardown(() => cluster.kubectl(['delete', '--wait=false', '-f', '-'], { input: list(rest) }))
  await kubectl(['apply', '--validate=strict', '-f', '-'], list(rest))

  await t.test('its Pods pass the restricted level and lie apart', async (t) => {
    await kubectl(['-n', 'day2-admission', 'rollout', 'status', 'deployment/day2-admission', '--timeout=180s'])
    const pods = await cluster.request('GET', '/api/v1/namespaces/day2-admission/pods')
    const nodes = pods.body.at('items').items.map((pod) => pod.at('spec', 'nodeName').text)
    t.equal(new Set(nodes).size, 3, nodes.join(' '))
    const path = '/apis/policy/v1/namespaces/day2-admission/poddisruptionbudgets/day2-admission'
    const budget = await cluster.request('GET', path)
    t.equal(budget.body.at('spec', 'maxUnavailable').value, 1)
  })

  await t.test('it may read what its rules look up, and no more', async (t) => {
    const may = async (verb: string, resource: string): Promise<string> => {
      const args = ['auth', 'can-i', verb, resource, '--all-namespaces', '--as', account]
      return (await cluster.kubectl(args)).stdout.trim()
    }
    for (const resource of ['namespaces', 'nodes', 'deployments.apps', 'poddisruptionbudgets.policy']) {
      t.equal(await may('watch', resource), 'yes', resource)
    }
    for (const resource of ['secrets', 'configmaps', 'pods', 'events'])
      t.equal(await may('get', resource), 'no', resource)
    for (const verb of ['create', 'update', 'patch', 'delete']) t.equal(await may(verb, 'deployments.apps'), 'no', verb)
  })
})
