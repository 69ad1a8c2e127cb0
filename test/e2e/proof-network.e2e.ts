import t from 'tap'
import { waitFor } from '../control-plane/wait.ts'
import { findingOf, record, seen, snippetOf } from './support/evidence.ts'
import { openNamespace, type Namespace } from './support/namespace.ts'
import { deployment, soundResources } from './support/objects.ts'
import { useCluster } from './support/shared-cluster.ts'
import { startWebhook } from './support/webhook.ts'

const rule = 'network-service-port-unresolvable'
const http = { ports: [{ name: 'http', containerPort: 8080 }] }

t.test('Services whose traffic reaches nobody', async (t) => {
  const cluster = await useCluster(t)
  const webhook = await startWebhook(t, cluster, 'proof-network')
  const open = await openNamespace(cluster, 'proof-network')
  const guarded = await openNamespace(cluster, 'proof-network-mended', webhook.name)
  const workloads = [
    deployment({ name: 'web', container: http }),
    deployment({
      name: 'setup',
      pod: {
        initContainers: [{ name: 'setup', image: 'registry.example/setup:1.0', resources: soundResources, ...http }],
      },
    }),
  ]
  await open.accept(...workloads)
  await guarded.accept(...workloads)
  t.jobs = 3

  const faults = {
    'named port': {
      bad: service('named', 'web', { targetPort: 'web' }),
      mended: 'the name of the port in the container',
      says: /"web" is no port of Deployment\/web/,
    },
    protocol: {
      bad: service('protocol', 'web', { targetPort: 'http', protocol: 'UDP' }),
      mended: 'the protocol of the port in the container',
      says: /"http" is TCP in Deployment\/web/,
    },
    'init container': {
      bad: service('init', 'setup', { targetPort: 'http' }),
      mended: 'a port of the container that serves',
      says: /init container setup has ended/,
    },
  }
  for (const [name, { bad, mended, says }] of Object.entries(faults)) {
    t.test(`${rule}: ${name}`, async (t) => {
      await open.accept(bad)
      const slice = await sliceOf(open, bad.metadata.name, /"addresses":2,"ready":2/)
      t.match(slice, /"ports":\[\]/, 'both Pods are there, and the port is not')
      const refused = await webhook.refusal(() => guarded.apply(bad))
      t.match(refused, says)
      t.match(snippetOf(refused, rule).value, { spec: { ports: [{ targetPort: 'http' }] } }, 'says what to type')
      // The selector of the fault with the port of the proposal, and the port in the container that serves.
      if (name === 'init container') await guarded.accept(deployment({ name: 'setup', container: http }))
      const typed = { ...bad, spec: { ...bad.spec, ports: (snippetOf(refused, rule).value as typeof bad).spec.ports } }
      await waitFor('the webhook to know the port', () => guarded.apply(typed), { until: ({ code }) => code === 0 })
      await sliceOf(guarded, bad.metadata.name, /"addresses":2,"ready":2,"ports":\["http 8080\/TCP"\]/)
      record({
        rule,
        name,
        applied: 'a Service over two Ready Pods',
        outage: 'the EndpointSlice holds both Pods and no port, so nothing answers on the port of the Service',
        by: 'endpointslice-controller',
        message: seen(slice, /.+/),
        finding: findingOf(refused, rule),
        mended: `with ${mended} the EndpointSlice holds both Pods and port 8080`,
      })
    })
  }

  t.test('network-service-selector-no-match', async (t) => {
    const good = service('selector', 'web', { targetPort: 'http' })
    const bad = { ...good, spec: { ...good.spec, selector: { app: 'webb' } } }
    await open.accept(good)
    await sliceOf(open, 'selector', /"addresses":2/)
    await open.accept(bad)
    const slice = await sliceOf(open, 'selector', /"addresses":0/)
    await guarded.accept(good)
    const warned = await waitFor('the warning', () => guarded.apply(bad), {
      until: ({ stderr }) => stderr.includes('network-service-selector-no-match'),
    })
    t.equal(warned.code, 0, 'it may be right soon')
    t.match(warned.stderr, /write app: web in the selector/, 'says what to type')
    await guarded.accept(good)
    await sliceOf(guarded, 'selector', /"addresses":2,"ready":2,"ports":\["http 8080\/TCP"\]/)
    record({
      rule: 'network-service-selector-no-match',
      name: 'slip in a label',
      applied: 'a selector with a slip in a label',
      outage: 'the EndpointSlice of the Service is empty while its Pods run',
      by: 'endpointslice-controller',
      message: slice,
      finding: findingOf(warned.stderr, 'network-service-selector-no-match'),
      mended: 'with the label of the pod template the EndpointSlice holds both Pods',
    })
  })

  t.test('network-ingress-backend-missing: what the API server stores', async (t) => {
    const front = service('front', 'web', { targetPort: 'http' })
    const bad = ingress(8080)
    await open.accept(front, bad)
    await guarded.accept(front)
    const refused = await webhook.refusal(() => guarded.apply(bad))
    t.match(refused, /Ingress shop → front: the Service has no port 8080 \(it has 80\)/)
    t.match(refused, /write number: 80/)
    await guarded.accept(ingress(80))
    const lost = await guarded.apply(ingress(80, 'frond'))
    t.equal(lost.code, 0)
    t.match(lost.stderr, /this Service does not exist; write name: front/)
  })
})

/** What the EndpointSlices of a Service hold, once a pattern matches it: counts, and ports without generated names. */
async function sliceOf(namespace: Namespace, name: string, until: RegExp): Promise<string> {
  return await waitFor(
    `the EndpointSlice of ${name}`,
    async () => {
      const slices = await namespace.get('discovery.k8s.io/v1/endpointslices')
      const own = slices
        .at('items')
        .items.filter((slice) => slice.at('metadata', 'labels', 'kubernetes.io/service-name').text === name)
      const endpoints = own.flatMap((slice) => slice.at('endpoints').items)
      const ports = own.flatMap((slice) => slice.at('ports').items)
      return JSON.stringify({
        addresses: endpoints.length,
        ready: endpoints.filter((each) => each.at('conditions', 'ready').value === true).length,
        ports: ports.map((port) => `${port.at('name').text} ${port.at('port').text}/${port.at('protocol').text}`),
      })
    },
    { until: (text) => until.test(text) },
  )
}

function service(name: string, app: string, port: object) {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { app }, ports: [{ name: 'http', port: 80, ...port }] },
  }
}

function ingress(number: number, name = 'front'): object {
  const backend = { service: { name, port: { number } } }
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'shop' },
    spec: { rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] },
  }
}
