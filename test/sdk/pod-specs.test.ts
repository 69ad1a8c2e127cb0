import fc from 'fast-check'
import t from 'tap'
import { podKinds } from '../../src/sdk/kinds.ts'
import { controllerOf } from '../../src/sdk/owners.ts'
import { containersOf, podSpecOf } from '../../src/sdk/pod-specs.ts'
import { pointer, resolve } from '../../src/sdk/pointer.ts'
import { isVariable } from '../../src/sdk/variables.ts'

const holders: { readonly [kind: string]: (pod: object) => object } = {
  Pod: (pod) => pod,
  PodTemplate: (pod) => ({ template: pod }),
  CronJob: (pod) => ({ spec: { jobTemplate: { spec: { template: pod } } } }),
}
const inTemplate = (pod: object) => ({ spec: { template: pod } })

t.test('every kind that holds a pod spec is read where it holds it', async (t) => {
  const pod = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web' }] } }
  for (const kind of podKinds) {
    const object = (holders[kind] ?? inTemplate)(pod)
    const view = podSpecOf(kind, object)
    t.equal(view?.spec, pod.spec, kind)
    t.equal(view?.metadata, pod.metadata, kind)
    t.equal(resolve(view?.path ?? '?', object), pod.spec, `${kind}: path of the spec`)
    t.equal(resolve(view?.metadataPath ?? '?', object), pod.metadata, `${kind}: path of the metadata`)
  }
  t.equal(podSpecOf('Job', inTemplate(pod))?.path, '/spec/template/spec')
  t.equal(podSpecOf('Pod', pod)?.metadataPath, '/metadata')
})

t.test('a missing, null or wrongly typed template is no pod spec', async (t) => {
  for (const template of [undefined, null, 'x', 1, [], {}, { spec: null }, { spec: [] }]) {
    t.equal(podSpecOf('ReplicationController', { spec: { template } }), undefined)
  }
  t.equal(podSpecOf('Service', { spec: {} }), undefined, 'kind without pods')
  t.equal(podSpecOf('constructor', { spec: {} }), undefined)
  t.strictSame(podSpecOf('Pod', { metadata: 'x', spec: {} })?.metadata, {})
})

t.test('containers come with class, name and path', async (t) => {
  const object = {
    spec: {
      template: {
        spec: {
          containers: [{ name: 'web' }, null, 'x', {}],
          initContainers: [{ name: 'migrate' }, { name: 'proxy', restartPolicy: 'Always' }],
          ephemeralContainers: [{ name: 'shell', restartPolicy: 'Always' }],
        },
      },
    },
  }
  const view = podSpecOf('Deployment', object)
  const containers = view ? containersOf(view) : []
  t.strictSame(
    containers.map((c) => [c.class, c.name, c.path]),
    [
      ['main', 'web', '/spec/template/spec/containers/0'],
      ['main', 'containers[3]', '/spec/template/spec/containers/3'],
      ['init', 'migrate', '/spec/template/spec/initContainers/0'],
      ['sidecar', 'proxy', '/spec/template/spec/initContainers/1'],
      ['ephemeral', 'shell', '/spec/template/spec/ephemeralContainers/0'],
    ],
  )
  for (const { container, path } of containers) t.equal(resolve(path, object), container)
})

t.test('arbitrary JSON never throws, and paths always lead to what was read', async () => {
  fc.assert(
    fc.property(fc.constantFrom(...podKinds), fc.jsonValue(), fc.jsonValue(), (kind, spec, metadata) => {
      const object = (holders[kind] ?? inTemplate)({ metadata, spec })
      const view = podSpecOf(kind, object)
      for (const { container, path } of view ? containersOf(view) : []) {
        if (resolve(path, object) !== container) throw new Error(path)
      }
      controllerOf({ metadata })
    }),
  )
})

t.test('pointers escape and resolve any key', async (t) => {
  t.equal(pointer(), '')
  t.equal(pointer('metadata', 'annotations', 'a~b/c', 0), '/metadata/annotations/a~0b~1c/0')
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', '~1', '/', ''))), (keys) => {
      let object: unknown = 'end'
      for (const key of keys.toReversed()) object = Object.fromEntries([[key, object]])
      return resolve(pointer(...keys), object) === 'end'
    }),
  )
  for (const [path, object] of [
    ['/toString', {}],
    ['/length', []],
    ['/00', [1]],
    ['/1', [1]],
    ['/a/b', { a: null }],
    ['a', { a: 1 }],
  ] as const) {
    t.equal(resolve(path, object), undefined, path)
  }
})

t.test('variables and controllers', async (t) => {
  for (const value of ['${A}', 'x-${A:-1}Mi', '${}']) t.ok(isVariable(value), value)
  for (const value of ['$A', '$(A)', '${', '}${', '', 1, null, ['${A}']]) t.notOk(isVariable(value), String(value))
  const owner = { kind: 'ReplicaSet', name: 'web', controller: true }
  t.equal(controllerOf({ metadata: { ownerReferences: [null, { controller: 'true' }, owner] } }), owner)
  t.equal(controllerOf({ metadata: { ownerReferences: [{ controller: false }] } }), undefined)
  t.equal(controllerOf(null), undefined)
})
