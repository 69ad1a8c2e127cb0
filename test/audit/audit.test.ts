import t from 'tap'
import { audit, type AuditOptions } from '../../src/audit/audit.ts'
import type { Cluster, ObjectPage } from '../../src/audit/cluster.ts'
import { auditedKinds } from '../../src/engine/audited-kinds.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { defaultSettings, type Settings } from '../../src/engine/settings.ts'
import { createSnapshot } from '../../src/inventory/snapshot.ts'
import { trim } from '../../src/inventory/trim.ts'
import type { AnyObject } from '../../src/sdk/objects.ts'
import { budgeted, image, policies, quiet } from '../support/audited-policies.ts'

t.test('a fault is told once, of the object at the top', async (t) => {
  const rs = owned('apps/v1', 'ReplicaSet', 'web-1', ['apps/v1', 'Deployment', 'web'], template('web'))
  const { tally, scanned } = await walk({
    Deployment: [object('apps/v1', 'Deployment', 'web', template('web'))],
    ReplicaSet: [rs, object('apps/v1', 'ReplicaSet', 'lonely', template('web'))],
    CronJob: [
      object('batch/v1', 'CronJob', 'nightly', {
        jobTemplate: { spec: { template: { spec: { containers: [{ name: 'web' }] } } } },
      }),
    ],
    Job: [owned('batch/v1', 'Job', 'nightly-1', ['batch/v1', 'CronJob', 'nightly'], template('web'))],
    Pod: [
      ...[1, 2, 3].map((n) => pod(`web-1-${n}`, ['apps/v1', 'ReplicaSet', 'web-1'], [{ name: 'web' }])),
      pod('nightly-1-a', ['batch/v1', 'Job', 'nightly-1'], [{ name: 'web' }]),
      pod('lonely-a', ['apps/v1', 'ReplicaSet', 'lonely'], [{ name: 'web' }]),
      pod('bare', undefined, [{ name: 'web' }]),
    ],
  })
  t.strictSame(brief(tally.findings.filter(({ rule }) => rule === image.id)), [
    'deny CronJob nightly /spec/jobTemplate/spec/template/spec/containers/0/image',
    'deny Deployment web /spec/template/spec/containers/0/image',
    'deny Pod bare /spec/containers/0/image',
    'deny ReplicaSet lonely /spec/template/spec/containers/0/image',
  ])
  t.match(
    scanned.find(({ kind }) => kind === 'ReplicaSet'),
    { listed: 2, judged: 1 },
    'copies of a judged template are not judged',
  )
})

t.test('what only the Pods show is told once for the workload, with a count', async (t) => {
  const { tally } = await walk({
    Deployment: [object('apps/v1', 'Deployment', 'web', template('web:1'))],
    ReplicaSet: [owned('apps/v1', 'ReplicaSet', 'web-1', ['apps/v1', 'Deployment', 'web'], template('web:1'))],
    Pod: [1, 2, 3].map((n) =>
      // The injected container stands before the one of the template.
      pod(`web-1-${n}`, ['apps/v1', 'ReplicaSet', 'web-1'], [{ name: 'proxy' }, { name: 'web', image: 'web:1' }]),
    ),
  })
  t.match(
    tally.findings.filter(({ rule }) => rule === image.id),
    [
      {
        severity: 'warn',
        object: { kind: 'Pod', name: 'web-1-1' },
        owner: { kind: 'Deployment', name: 'web', namespace: 'shop' },
        count: 3,
        path: '/spec/containers/0/image',
      },
    ],
  )
})

t.test('Pods that rules look up are kept in outline, judged whole, and counted once', async (t) => {
  const { judged, lookedUp } = auditedKinds(policies, { labels: false })
  const pods = judged.filter(({ kind }) => kind === 'Pod')
  const shelves = createSnapshot()
  const { tally, scanned } = await walk(
    { Pod: [pod('bare', undefined, [{ name: 'web' }])] },
    { options: { kinds: { judged, lookedUp: [...lookedUp, ...pods] }, keep: trim, shelves } },
  )
  t.strictSame(brief(tally.findings), ['deny Pod bare /spec/containers/0/image'])
  t.match(
    scanned.find(({ kind }) => kind === 'Pod'),
    { listed: 1, judged: 1 },
  )
  t.match(shelves.inventory.list('Pod', 'shop'), [
    { metadata: { name: 'bare' }, spec: { containers: [{ name: 'web' }] } },
  ])
})

t.test('an exempt template exempts what repeats it; a foreign controller of a known name is no template', async (t) => {
  const settings = new Map([[image.id, { exemptions: [{ reason: 'moving', names: ['web'] }] }]])
  const { tally } = await walk(
    {
      Deployment: [object('apps/v1', 'Deployment', 'web', template('web'))],
      StatefulSet: [object('apps/v1', 'StatefulSet', 'db', template('db'))],
      ReplicaSet: [owned('apps/v1', 'ReplicaSet', 'web-1', ['apps/v1', 'Deployment', 'web'], template('web'))],
      Pod: [
        pod('web-1-a', ['apps/v1', 'ReplicaSet', 'web-1'], [{ name: 'web' }]),
        pod('db-0', ['apps.kruise.io/v1', 'StatefulSet', 'db'], [{ name: 'db' }]),
      ],
    },
    { settings: { rules: settings } },
  )
  t.strictSame(brief(tally.findings.filter(({ rule }) => rule === image.id)), [
    'deny StatefulSet db /spec/template/spec/containers/0/image',
    'warn Pod db-0 /spec/containers/0/image',
  ])
  t.match(tally.exempted, [{ rule: image.id, because: 'moving', object: { kind: 'Deployment', name: 'web' } }])
  t.equal(tally.exempted.length, 1)
})

t.test('the claims of a StatefulSet repeat its template', async (t) => {
  const claim = { metadata: { name: 'data' }, spec: {} }
  const { tally } = await walk({
    StatefulSet: [object('apps/v1', 'StatefulSet', 'db', { ...template('db:1'), volumeClaimTemplates: [claim] })],
    PersistentVolumeClaim: [
      ...['data-db-0', 'data-db-11', 'data-web-0', 'own'].map((name) =>
        object('v1', 'PersistentVolumeClaim', name, {}),
      ),
    ],
  })
  t.strictSame(brief(tally.findings), [
    'warn PersistentVolumeClaim data-web-0 /spec/storageClassName',
    'warn PersistentVolumeClaim own /spec/storageClassName',
    'warn StatefulSet db /spec/volumeClaimTemplates/0/spec/storageClassName',
  ])
})

t.test('objects that are being deleted are not judged, and only what was asked for is read', async (t) => {
  const gone = { ...object('v1', 'Pod', 'gone', { containers: [{}] }) }
  const dying = { ...gone, metadata: { ...gone.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }
  const { tally, scanned, asked } = await walk({ Pod: [dying], Secret: [object('v1', 'Secret', 'keys', {})] })
  t.strictSame(tally.findings, [])
  t.match(
    scanned.find(({ kind }) => kind === 'Pod'),
    { listed: 1, judged: 0 },
  )
  t.notOk(asked.includes('Secret'), 'no Secrets')
  t.strictSame([...asked].sort(), [
    ...[
      'CronJob',
      'Deployment',
      'Job',
      'PersistentVolumeClaim',
      'Pod',
      'PodDisruptionBudget',
      'ReplicaSet',
      'StatefulSet',
    ],
  ])
  const told = await walk({ Secret: [object('v1', 'Secret', 'keys', {})] }, { options: { secrets: true } })
  t.match(told.tally.findings, [{ rule: quiet.id, object: { name: 'keys' } }])
})

t.test('a list that is begun anew is told once', async (t) => {
  const web = object('apps/v1', 'Deployment', 'web', template('web'))
  const stateful = object('apps/v1', 'StatefulSet', 'db', template('db'))
  const pages: Record<string, ObjectPage[]> = {
    Deployment: [page([web]), page([web], true)],
    StatefulSet: [page([stateful]), page([stateful, object('apps/v1', 'StatefulSet', 'new', template('db:1'))], true)],
    PodDisruptionBudget: [page([object('policy/v1', 'PodDisruptionBudget', 'old', {})]), page([], true)],
  }
  const { tally, scanned } = await walk({}, { pages })
  t.strictSame(brief(tally.findings), [
    'deny Deployment web /spec',
    'deny Deployment web /spec/template/spec/containers/0/image',
    'deny StatefulSet db /spec/template/spec/containers/0/image',
  ])
  t.match(
    scanned.find(({ kind }) => kind === 'StatefulSet'),
    { listed: 2, judged: 2 },
  )
})

t.test('what could not be read is accounted for, and nothing is concluded from it', async (t) => {
  const forbidden = Object.assign(new Error('not allowed to list'), { code: 'D2_KUBE_FORBIDDEN' })
  const gone = Object.assign(new Error('not served'), { code: 'D2_KUBE_NOT_FOUND' })
  const broken = Object.assign(new Error('the connection was reset'), { code: 'D2_KUBE_UNREACHABLE' })
  const { tally, unread, scanned } = await walk(
    { Deployment: [object('apps/v1', 'Deployment', 'web', template('web'))] },
    {
      failures: { PodDisruptionBudget: forbidden, CronJob: gone, Job: gone, StatefulSet: broken },
      pages: { StatefulSet: [page([object('apps/v1', 'StatefulSet', 'db', template('db'))])] },
      versions: { Job: ['v2'] },
    },
  )
  t.strictSame(unread, [
    {
      kind: 'PodDisruptionBudget',
      resource: 'poddisruptionbudgets.policy',
      level: 'error',
      code: 'D2_KUBE_FORBIDDEN',
      reason: 'not allowed to list',
    },
    {
      kind: 'CronJob',
      resource: 'cronjobs.batch',
      level: 'note',
      code: 'D2_NOT_SERVED',
      reason: 'the API server serves no cronjobs, so there are none',
    },
    {
      kind: 'Secret',
      resource: 'secrets',
      level: 'note',
      code: 'D2_SECRETS_NOT_ASKED',
      reason: 'Secrets are read only with --secrets, page by page, and no value is kept',
    },
    {
      kind: 'StatefulSet',
      resource: 'statefulsets.apps',
      level: 'error',
      code: 'D2_KUBE_UNREACHABLE',
      reason: 'the list was cut short after 1 objects: the connection was reset',
    },
    {
      kind: 'Job',
      resource: 'jobs.batch',
      level: 'error',
      code: 'D2_NOT_SERVED',
      reason: 'the API server serves jobs only as v2, not as v1',
    },
  ])
  t.strictSame(brief(tally.findings), [
    'deny Deployment web /spec/template/spec/containers/0/image',
    'deny StatefulSet db /spec/template/spec/containers/0/image',
  ])
  t.strictSame(tally.unresolved, [{ rule: budgeted.id, kind: 'PodDisruptionBudget', objects: 1 }])
  t.notOk(scanned.some(({ kind }) => kind === 'PodDisruptionBudget'))
})

t.test('a cluster that cannot be reached is one failure, a fault of ours is none of its', async (t) => {
  const down = Object.assign(new Error('connection refused'), { code: 'D2_KUBE_UNREACHABLE' })
  await t.rejects(walk({}, { failures: { PodDisruptionBudget: down } }), { code: 'D2_KUBE_UNREACHABLE' })
  await t.rejects(walk({}, { failures: { Deployment: new TypeError('x') } }), { name: 'TypeError' })
  const { unread } = await walk({}, { failures: { Deployment: down } })
  t.match(unread, [{ kind: 'Deployment', level: 'error', reason: 'connection refused' }, { kind: 'Secret' }])
})

t.test('namespaces bound what is read, and what is known', async (t) => {
  const { tally, asked } = await walk(
    { Deployment: [object('apps/v1', 'Deployment', 'web', template('web:1'))] },
    { options: { namespaces: ['shop', 'bank'] } },
  )
  t.strictSame(brief(tally.findings), ['deny Deployment web /spec'])
  t.ok(asked.includes('Deployment in shop') && asked.includes('Deployment in bank'))
  t.notOk(asked.includes('Deployment'))
})

interface Walk {
  readonly settings?: Partial<Settings>
  readonly options?: Partial<AuditOptions>
  readonly pages?: Record<string, readonly ObjectPage[]>
  /** Thrown after the pages of a kind. */
  readonly failures?: Record<string, Error>
  readonly versions?: Record<string, readonly string[]>
}

async function walk(objects: Record<string, readonly AnyObject[]>, more: Walk = {}) {
  const { settings = {}, options = {}, pages = {}, failures = {}, versions = {} } = more
  const asked: string[] = []
  const cluster: Cluster = {
    async *pages({ kind }, namespace) {
      asked.push(namespace === undefined ? kind : `${kind} in ${namespace}`)
      const failure = failures[kind]
      const here = (objects[kind] ?? []).filter((one) => !namespace || one.metadata?.namespace === namespace)
      if (pages[kind]) yield* pages[kind]
      else if (!failure) yield page(here)
      if (failure) throw failure
    },
    servedVersions: async ({ kind }) => versions[kind] ?? [],
  }
  const engine = createEngine(policies, { ...defaultSettings, ...settings })
  const result = await audit(engine, cluster, {
    kinds: auditedKinds(policies, { labels: false }),
    namespaces: [],
    secrets: false,
    now: Date.parse('2026-11-24T12:00:00Z'),
    wanted: () => true,
    shelves: createSnapshot(),
    keep: (kept) => kept,
    onProgress: () => {},
    ...options,
  })
  return { ...result, asked }
}

function page(items: readonly AnyObject[], restarted = false): ObjectPage {
  return { items, restarted, remaining: undefined }
}

function object(apiVersion: string, kind: string, name: string, spec: object): AnyObject {
  const made = { apiVersion, kind, metadata: { name, namespace: 'shop' }, spec }
  return made
}

function owned(
  apiVersion: string,
  kind: string,
  name: string,
  owner: readonly [string, string, string],
  spec: object,
): AnyObject {
  const made = object(apiVersion, kind, name, spec)
  const [ownerVersion, ownerKind, ownerName] = owner
  const reference = { apiVersion: ownerVersion, kind: ownerKind, name: ownerName, uid: 'u', controller: true }
  return { ...made, metadata: { ...made.metadata, ownerReferences: [reference] } }
}

function pod(name: string, owner: readonly [string, string, string] | undefined, containers: object[]): AnyObject {
  return owner ? owned('v1', 'Pod', name, owner, { containers }) : object('v1', 'Pod', name, { containers })
}

function template(imageName: string): object {
  const tagged = imageName.includes(':') ? { image: imageName } : {}
  return { template: { spec: { containers: [{ name: imageName.split(':')[0], ...tagged }] } } }
}

function brief(findings: readonly { severity: string; object: { kind: string; name: string }; path: string }[]) {
  return findings.map(({ severity, object: { kind, name }, path }) => `${severity} ${kind} ${name} ${path}`).sort()
}
