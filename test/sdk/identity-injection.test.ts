import t from 'tap'
import { isInjected, skipsEveryContainer } from '../../src/sdk/identity-injection.ts'
import { podSpecOf, type PodSpecView } from '../../src/sdk/pod-specs.ts'

function pod(annotations: object, env: readonly object[] = [], init: readonly string[] = []): PodSpecView {
  const spec = { containers: [{ name: 'web', env }, { name: 'agent' }], initContainers: init.map((name) => ({ name })) }
  const view = podSpecOf('Pod', { metadata: { annotations }, spec })
  if (!view) throw new Error('no pod spec')
  return view
}

t.test('containers that a webhook is told to skip', async (t) => {
  const eks = (value: unknown, init?: readonly string[]) =>
    skipsEveryContainer(pod({ 'eks.amazonaws.com/skip-containers': value }, [], init), 'eks')
  t.equal(eks('web,agent'), true)
  t.equal(eks('"web","agent"'), true, 'a line of CSV')
  t.equal(eks('web, agent'), false, 'in which blanks count')
  t.equal(eks('web'), false)
  t.equal(eks('web,agent', ['setup']), false, 'init containers get the token too')
  t.equal(eks('web,agent,setup', ['setup']), true)
  for (const odd of ['', undefined, 7, ['web', 'agent']]) t.equal(eks(odd), false, JSON.stringify(odd))
  const azure = (value: string) =>
    skipsEveryContainer(pod({ 'azure.workload.identity/skip-containers': value }), 'azure')
  t.equal(azure('web; agent'), true, 'semicolons, and blanks do not count')
  t.equal(azure('web,agent'), false)
})

t.test('a token in any container', async (t) => {
  const injected = (name: string) => pod({}, [{ name, value: '/token' }])
  t.equal(isInjected(injected('AWS_WEB_IDENTITY_TOKEN_FILE'), 'eks'), true)
  t.equal(isInjected(injected('AWS_CONTAINER_CREDENTIALS_FULL_URI'), 'eks'), true)
  t.equal(isInjected(injected('AZURE_FEDERATED_TOKEN_FILE'), 'eks'), false)
  t.equal(isInjected(injected('AZURE_FEDERATED_TOKEN_FILE'), 'azure'), true)
  t.equal(isInjected(pod({}), 'azure'), false)
})
