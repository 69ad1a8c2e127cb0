import fc from 'fast-check'
import { baseTree, type KustomizeTree } from './kustomize-trees.ts'

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 })
const json = (value: unknown) => JSON.stringify(value)

const directive = fc.constantFrom('merge', 'replace', 'delete')
const name = fc.constantFrom('main', 'side', 'init', 'fresh')
const port = fc.record(
  {
    containerPort: fc.constantFrom(80, 53, 8080),
    protocol: fc.constantFrom('TCP', 'UDP'),
    name: fc.constantFrom('a', 'b'),
  },
  { requiredKeys: ['containerPort'] },
)
const variable = fc.record(
  {
    name: fc.constantFrom('A', 'B', 'Z'),
    value: fc.constantFrom('1', null),
    valueFrom: fc.constantFrom(null, { configMapKeyRef: { name: 'config', key: 'x' } }),
    $patch: directive,
  },
  { requiredKeys: ['name'] },
)
const mount = fc.record({
  mountPath: fc.constantFrom('/config', '/data', '/new'),
  name: fc.constantFrom('config', 'v'),
})
const resources = fc.constantFrom(
  null,
  { limits: { cpu: 1 } },
  { requests: { cpu: null } },
  { $patch: 'replace', limits: {} },
)
const container = fc.record(
  {
    name,
    image: fc.constantFrom('one:1', 'two', null),
    ports: fc.uniqueArray(port, {
      maxLength: 2,
      selector: ({ containerPort, protocol }) => `${containerPort}${protocol}`,
    }),
    env: fc.uniqueArray(variable, { maxLength: 2, selector: (entry) => entry.name }),
    volumeMounts: fc.uniqueArray(mount, { maxLength: 2, selector: ({ mountPath }) => mountPath }),
    resources,
    $patch: directive,
  },
  { requiredKeys: ['name'] },
)
const containers = fc.uniqueArray(container, { minLength: 1, maxLength: 2, selector: (entry) => entry.name })
const volume = fc.record(
  {
    name: fc.constantFrom('config', 'data', 'new'),
    emptyDir: fc.constant({}),
    configMap: fc.constant(null),
    $patch: directive,
  },
  { requiredKeys: ['name'] },
)
const spread = fc.record({
  topologyKey: fc.constantFrom('zone', 'host'),
  whenUnsatisfiable: fc.constantFrom('DoNotSchedule', 'ScheduleAnyway'),
  maxSkew: fc.integer({ min: 1, max: 3 }),
})
const podSpec = fc.record(
  {
    containers,
    initContainers: containers,
    volumes: fc.uniqueArray(volume, { maxLength: 2, selector: (entry) => entry.name }),
    tolerations: fc.constantFrom(null, [], [{ key: 'x' }]),
    topologySpreadConstraints: fc.uniqueArray(spread, { maxLength: 2, selector: json }),
    affinity: fc.constantFrom(null, {
      podAffinity: null,
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [] },
    }),
    imagePullSecrets: fc.constantFrom(null, [{ name: 'other' }]),
  },
  { requiredKeys: [] },
)
const merge = fc
  .record({
    kind: fc.constantFrom('Deployment', 'StatefulSet', 'any'),
    spec: podSpec,
    replicas: maybe(fc.integer({ min: 0, max: 9 })),
  })
  .map(({ kind, spec, replicas }) => {
    const own = kind === 'StatefulSet' ? 'db' : 'web'
    const object = {
      apiVersion: 'apps/v1',
      kind: kind === 'any' ? 'Deployment' : kind,
      metadata: { name: own },
      spec: { ...(replicas === undefined ? {} : { replicas }), template: { spec } },
    }
    return kind === 'any'
      ? { target: { kind: '(Deploy.*|Daemon[A-Z]et)' }, patch: json(object) }
      : { patch: json(object) }
  })

const at = '/spec/template/spec/containers'
const operation = fc.oneof(
  fc.constantFrom(
    { op: 'remove', path: `${at}/1` },
    { op: 'add', path: `${at}/-`, value: { name: 'last', image: 'l' } },
    { op: 'add', path: `${at}/0`, value: { name: 'zero', image: 'z' } },
    { op: 'replace', path: `${at}/0/image`, value: 'set:1' },
    { op: 'add', path: `${at}/0/env`, value: [{ name: 'Q', value: 'q' }] },
    { op: 'copy', from: `${at}/0`, path: `${at}/-1` },
    { op: 'move', from: `${at}/0`, path: `${at}/1` },
    { op: 'test', path: '/kind', value: 'Deployment' },
    { op: 'replace', path: '/spec/replicas', value: 3 },
    { op: 'add', path: '/metadata/labels', value: { app: 'web' } },
  ),
)
const operations = fc
  .record({
    list: fc.array(operation, { minLength: 1, maxLength: 4 }),
    kind: fc.constantFrom('Deployment', '.*Set', 'Deployment|DaemonSet'),
  })
  .map(({ list, kind }) => ({ target: { kind }, patch: json(list) }))

const generator = fc.record(
  {
    name: fc.constantFrom('made', 'other'),
    literals: fc.constantFrom(['a=1'], ['a=2', 'b=<x>&y'], ["c='q'"]),
    options: fc.constantFrom({ disableNameSuffixHash: true }, { labels: { made: 'yes' } }),
    namespace: fc.constant('apart'),
  },
  { requiredKeys: ['name', 'literals'] },
)
const labels = fc.record(
  {
    pairs: fc.constantFrom({ team: 'a' }, { app: 'over', tier: 'x' }),
    includeSelectors: fc.boolean(),
    includeTemplates: fc.boolean(),
  },
  { requiredKeys: ['pairs'] },
)

/** One kustomization, but for what it is laid over. */
const layer = fc.record(
  {
    namespace: fc.constantFrom('prod', 'dev'),
    namePrefix: fc.constantFrom('pre-', 'x-'),
    nameSuffix: fc.constant('-suf'),
    labels: fc.array(labels, { maxLength: 2 }),
    commonLabels: fc.constant({ common: 'yes' }),
    commonAnnotations: fc.constant({ note: 'n' }),
    replicas: fc.constantFrom([{ name: 'web', count: 4 }], [{ name: 'db', count: 1 }]),
    images: fc.constantFrom(
      [{ name: 'side', newTag: 'v9' }],
      [
        { name: 'one', newName: 'three' },
        { name: 'job', digest: 'sha256:aa' },
      ],
    ),
    configMapGenerator: fc.uniqueArray(generator, { maxLength: 2, selector: (entry) => entry.name }),
    patches: fc.array(fc.oneof(merge, operations), { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: ['patches'] },
)

/** Trees of one to three layers over the base. */
export const randomTrees: fc.Arbitrary<KustomizeTree> = fc
  .array(layer, { minLength: 1, maxLength: 3 })
  .map((layers) => ({
    name: json(layers),
    files: {
      ...baseTree,
      ...Object.fromEntries(
        layers.map((own, index) => [
          `${index === 0 ? 'root' : `layer-${String(index)}`}/kustomization.yaml`,
          json({ resources: [index === layers.length - 1 ? '../base' : `../layer-${String(index + 1)}`], ...own }),
        ]),
      ),
    },
  }))
