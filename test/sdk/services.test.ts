import fc from 'fast-check'
import t from 'tap'
import { buildInventory, type Entry } from '../../src/inventory/files.ts'
import { exposuresOf } from '../../src/sdk/exposure.ts'
import { backendsOfIngress, ingressesOf } from '../../src/sdk/ingress-backends.ts'
import { unknown, type Inventory } from '../../src/sdk/inventory.ts'
import { nameOf } from '../../src/sdk/names.ts'
import type { KindName } from '../../src/sdk/objects.ts'
import { witnessKinds } from '../../src/sdk/relations.ts'
import { backendsOf, isSelecting, podsBehind, servicesOf } from '../../src/sdk/services.ts'

const groups = new Map<KindName, string>([
  ['CronJob', 'batch/v1'],
  ['Job', 'batch/v1'],
  ['Ingress', 'networking.k8s.io/v1'],
  ['Pod', 'v1'],
  ['ReplicationController', 'v1'],
  ['Service', 'v1'],
])

function entry(kind: KindName, name: string, rest: object, namespace = 'default'): Entry {
  const apiVersion = groups.get(kind) ?? 'apps/v1'
  return { kind, namespace, name, object: { apiVersion, kind, metadata: { name }, ...rest } }
}

function workload(kind: KindName, name: string, labels: object, namespace?: string): Entry {
  const template = { metadata: { labels }, spec: { containers: [] } }
  const spec = kind === 'CronJob' ? { jobTemplate: { spec: { template } } } : { template }
  return entry(kind, name, { spec }, namespace)
}

function pod(name: string, labels: object, rest: { owner?: string; phase?: string; namespace?: string } = {}): Entry {
  const ownerReferences = rest.owner ? [{ kind: rest.owner, name: 'owner', controller: true }] : []
  const metadata = { name, labels, ownerReferences }
  return entry('Pod', name, { metadata, spec: {}, status: { phase: rest.phase ?? 'Running' } }, rest.namespace)
}

const service = (name: string, spec: object, namespace?: string) => entry('Service', name, { spec }, namespace)
const selecting = (labels: object) => ({ selector: labels })

const backend = (name: string) => ({ service: { name, port: { number: 80 } } })
const ingress = (name: string, ...services: string[]) =>
  entry('Ingress', name, {
    spec: {
      rules: [{ host: 'a.example', http: { paths: services.map((each) => ({ path: '/', backend: backend(each) })) } }],
    },
  })

const inventoryOf = (entries: readonly Entry[]) => buildInventory(entries, { complete: true })

function without(inventory: Inventory, hidden: KindName): Inventory {
  return {
    complete: inventory.complete,
    uncertain: (object) => inventory.uncertain(object),
    list: (kind, namespace) => (kind === hidden ? unknown : inventory.list(kind, namespace)),
    get: (kind, namespace, name) => (kind === hidden ? unknown : inventory.get(kind, namespace, name)),
  }
}

const names = (objects: readonly object[]) => objects.map(nameOf).sort()

t.test('a Service and its workloads find each other, as a walk over all pairs does', async (t) => {
  let pairs = 0
  const label = fc.constantFrom<{ [key: string]: string }>(
    { app: 'web' },
    { app: 'api' },
    { app: 'web', tier: 'x' },
    { tier: 'x' },
    {},
  )
  const spec = fc.oneof(
    label.map((selector) => ({ selector })),
    fc.constantFrom<object>({}, { selector: null }, { type: 'ExternalName', selector: { app: 'web' } }),
  )
  const namespace = fc.constantFrom('a', 'b')
  const cluster = fc.record({
    workloads: fc.array(fc.tuple(fc.constantFrom(...witnessKinds), label, namespace), { maxLength: 6 }),
    services: fc.array(fc.tuple(spec, namespace), { maxLength: 4 }),
  })
  fc.assert(
    fc.property(cluster, ({ workloads, services }) => {
      const w = workloads.map(([kind, labels, ns], i) => workload(kind, `w${i}`, labels, ns))
      const s = services.map(([spec, ns], i) => service(`s${i}`, spec, ns))
      const inventory = inventoryOf([...w, ...s])
      const fromServices = s.flatMap(({ object, name, namespace }) =>
        backendsOf(object, namespace, inventory).found.map(({ object }) => `${name} ${nameOf(object)}`),
      )
      const fromWorkloads = w.flatMap(({ kind, object, name, namespace }) =>
        servicesOf(kind, object, namespace, inventory).found.map((found) => `${nameOf(found)} ${name}`),
      )
      const walked = services.flatMap(([spec, ns], i) =>
        workloads.flatMap(([, labels, other], j) => {
          const { type, selector } = spec as { type?: string; selector?: { [key: string]: string } | null }
          const wanted = Object.entries(selector ?? {})
          const selected = wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value)
          return ns === other && type !== 'ExternalName' && selected ? [`s${i} w${j}`] : []
        }),
      )
      pairs += walked.length
      return new Set([fromServices, fromWorkloads, walked].map((side) => side.sort().join())).size === 1
    }),
    { numRuns: 500 },
  )
  t.ok(pairs > 100, `${pairs} pairs`)
})

t.test('Pods stand for themselves where no template does', async (t) => {
  const web = { app: 'web' }
  const inventory = inventoryOf([
    pod('bare', web),
    pod('of-an-operator', web, { owner: 'Cluster' }),
    pod('of-a-template', web, { owner: 'StatefulSet' }),
    pod('ended', web, { phase: 'Succeeded' }),
    pod('elsewhere', web, { namespace: 'other' }),
    pod('unlike', { app: 'api' }),
    workload('StatefulSet', 'owner', web),
  ])
  const front = service('web', selecting(web)).object
  const behind = (known: Inventory) => backendsOf(front, 'default', known)
  t.same(names(behind(inventory).found.map(({ object }) => object)), ['bare', 'of-an-operator', 'owner'])
  t.same(names(podsBehind(front, 'default', inventory).found), ['bare', 'of-a-template', 'of-an-operator'])
  const blind = without(inventory, 'Pod')
  t.same(behind(blind).unsure, [], 'templates stand for Pods that are not known')
  t.same(names(behind(blind).found.map(({ object }) => object)), ['owner'])
  t.same(podsBehind(front, 'default', blind).unsure, ['Pod'])
  t.same(behind(without(inventory, 'StatefulSet')).unsure, ['StatefulSet'])
})

t.test('what decides later is unsure', async (t) => {
  const first = workload('StatefulSet', 'db', { app: 'db' })
  const one = service('db-0', selecting({ app: 'db', 'statefulset.kubernetes.io/pod-name': 'db-0' }))
  const inventory = inventoryOf([first, one, service('any', selecting({ app: '${APP}' }))])
  t.same(backendsOf(one.object, 'default', inventory), { found: [], unsure: ['StatefulSet'] })
  t.same(servicesOf('StatefulSet', first.object, 'default', inventory), { found: [], unsure: ['Service'] })
})

t.test('Services whose endpoints nobody looks for', async (t) => {
  const no = [{}, { selector: null }, { selector: {} }, { type: 'ExternalName', selector: { app: 'web' } }]
  for (const spec of no) t.notOk(isSelecting({ spec }), JSON.stringify(spec))
  t.ok(isSelecting({ spec: { selector: { app: 'web' } } }))
  t.ok(isSelecting({ spec: { selector: 'web' } } as object), 'a selector that cannot be read is still one')
})

t.test('how far a workload is reached from', async (t) => {
  const web = { app: 'web' }
  const served = workload('Deployment', 'web', web)
  const inventory = inventoryOf([
    served,
    service('lb', { ...selecting(web), type: 'LoadBalancer' }),
    service('node', { ...selecting(web), type: 'NodePort' }),
    service('routed', { ...selecting(web), type: 'NodePort' }),
    service('peers', { ...selecting(web), clusterIP: 'None' }),
    service('plain', { ...selecting(web), clusterIP: '10.0.0.1' }),
    service('other', selecting({ app: 'api' })),
    ingress('edge', 'routed', 'nobody'),
  ])
  const { found, unsure } = exposuresOf('Deployment', served.object, 'default', inventory)
  t.same(Object.fromEntries(found.map(({ service, reach }) => [nameOf(service), reach])), {
    lb: 'load-balancer',
    node: 'node-port',
    routed: 'ingress',
    peers: 'headless',
    plain: 'cluster',
  })
  t.same(unsure, [])
  t.same(names(found.flatMap(({ ingresses }) => ingresses)), ['edge'])
  const blind = exposuresOf('Deployment', served.object, 'default', without(inventory, 'Ingress'))
  t.same(blind.unsure, ['Ingress'])
})

t.test('the backends of an Ingress', async (t) => {
  const whole = {
    spec: {
      defaultBackend: backend('fallback'),
      rules: [
        {
          host: 'a.example',
          http: { paths: [{ path: '/api', backend: { service: { name: 'api', port: { name: 'http' } } } }] },
        },
        {
          http: {
            paths: [
              { backend: { resource: { kind: 'Bucket', name: 'static' } } },
              { backend: { service: { name: 'web' } } },
            ],
          },
        },
        'neither',
      ],
    },
  }
  const [first, second, third, ...more] = backendsOfIngress(whole as object)
  t.same(more, [])
  t.match(first, { service: 'fallback', port: 80, portPath: '/spec/defaultBackend/service/port/number', host: '' })
  t.match(second, { service: 'api', port: 'http', host: 'a.example', route: '/api' })
  t.equal(second?.portPath, '/spec/rules/0/http/paths/0/backend/service/port/name')
  t.match(third, { service: 'web', path: '/spec/rules/1/http/paths/1/backend/service' })
  t.equal(third?.port, undefined)

  const old = { spec: { backend: { serviceName: 'web', servicePort: 'http' } } }
  t.match(backendsOfIngress(old as object), [{ service: 'web', port: 'http', path: '/spec/backend/serviceName' }])

  const inventory = inventoryOf([ingress('a', 'web', 'web'), ingress('b', 'api'), ingress('c', '${NAME}')])
  const routes = ingressesOf(service('web', {}).object, 'default', inventory)
  t.same(names(routes.found), ['a'])
  t.same(routes.unsure, ['Ingress'], 'a variable may be the name')
})
