import t from 'tap'
import { annotation, auditedEvent, auditedFindings } from './support/audited.ts'
import { awsKeys, secret, sound } from './support/case.ts'
import { openNamespace } from './support/namespace.ts'
import { budget } from './support/objects.ts'
import { useCluster } from './support/shared-cluster.ts'
import { startWebhook } from './support/webhook.ts'

const blocking = (annotations: object): object => ({
  ...budget({ maxUnavailable: 0 }),
  metadata: { name: 'web', annotations },
})

t.test('settings and exemptions', async (t) => {
  t.jobs = 3
  const cluster = await useCluster(t)
  const [usual, listening] = await Promise.all([
    startWebhook(t, cluster, 'settings-usual'),
    startWebhook(t, cluster, 'settings-listening', {
      modes: [{ namespaceLabels: { team: 'new' }, mode: 'audit' }],
      rules: {
        'compute-pdb-blocks-all': {
          exemptions: [{ namespaces: ['settings-exempt-*'], reason: 'moved by its operator' }],
        },
      },
    }),
  ])

  t.test('an exemption by annotation passes and leaves a trace', async (t) => {
    const namespace = await openNamespace(cluster, 'settings-annotated', usual.name)
    const until = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10)
    const annotations = {
      'day2-admission.dev/exempt': 'compute-pdb-blocks-all',
      'day2-admission.dev/exempt-reason': 'its operator moves the Pods',
      'day2-admission.dev/exempt-until': until,
    }
    const { code, stderr } = await namespace.apply(blocking(annotations))
    t.same([code, stderr], [0, ''])
    const event = await auditedEvent(
      cluster,
      { namespace: namespace.name, name: 'web' },
      (each) => annotation(each, 'exemptions') !== '',
    )
    t.match(JSON.parse(annotation(event, 'exemptions')), [{ rule: 'compute-pdb-blocks-all', by: 'annotation', until }])
  })

  t.test('an exemption without reason and end, or for credentials, does not count', async (t) => {
    const namespace = await openNamespace(cluster, 'settings-unfounded', usual.name)
    const bare = await namespace.apply(blocking({ 'day2-admission.dev/exempt': 'compute-pdb-blocks-all' }))
    t.equal(bare.code, 1)
    t.match(bare.stderr, 'Warning: [exemption-invalid] ')
    const annotations = {
      'day2-admission.dev/exempt': 'identity-secret-cloud-credentials',
      'day2-admission.dev/exempt-reason': 'none',
      'day2-admission.dev/exempt-until': new Date(Date.now() + 86_400_000).toISOString().slice(0, 10),
    }
    const keys = await namespace.apply({ ...secret(awsKeys()), metadata: { name: 'keys', annotations } })
    t.equal(keys.code, 1)
    t.match(keys.stderr, 'Warning: [exemption-invalid] ')
    t.match(keys.stderr, '[identity-secret-cloud-credentials] ')
  })

  t.test('a namespace in audit mode hears nothing, and the audit log hears all', async (t) => {
    const namespace = await openNamespace(cluster, 'settings-listened', listening.name)
    const refused = await namespace.apply(budget({ maxUnavailable: 0 }))
    t.equal(refused.code, 1, 'before the namespace carries the label')
    await cluster.kubectl(['label', 'namespace', namespace.name, 'team=new'])
    const passed = await listening.passing(() => namespace.apply(budget({ maxUnavailable: 0 })))
    t.equal(passed, '')
    t.match(await auditedFindings(cluster, { namespace: namespace.name, name: 'web' }), [
      { rule: 'compute-pdb-blocks-all', severity: 'audit', from: 'deny' },
    ])
  })

  t.test('an exemption in the settings holds for its namespaces', async (t) => {
    const namespace = await openNamespace(cluster, 'settings-exempt-a', listening.name)
    const { code, stderr } = await namespace.apply(budget({ maxUnavailable: 0 }))
    t.same([code, stderr], [0, ''])
    const others = await namespace.apply(sound('web', { resources: {} }))
    t.equal(others.code, 1, 'and for no other rule')
  })
})
