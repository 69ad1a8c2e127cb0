import fc from 'fast-check'
import t from 'tap'
import instanceTarget from '../../policies/network/instance-target-needs-nodeport.ts'
import healthCheck from '../../policies/network/lb-health-check-mismatch.ts'
import policyBlocks from '../../policies/network/policy-blocks-lb.ts'
import readinessGate from '../../policies/network/readiness-gate-missing.ts'
import { buildInventory, type Entry } from '../../src/inventory/files.ts'
import { admitsIngress, isolatesIngress, type Sender } from '../../src/sdk/ingress-isolation.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import { nlbTargets } from '../../src/sdk/load-balancers/aws-nlb.ts'
import { azureFaults } from '../../src/sdk/load-balancers/azure.ts'

const nlb = 'service.beta.kubernetes.io/aws-load-balancer'

t.test('who makes the load balancer of a Service, and whom it sends to', async (t) => {
  const targets = (annotations: object, spec: object = {}) =>
    nlbTargets({ metadata: { annotations }, spec: { type: 'LoadBalancer', ...spec } }, 'instance')
  t.equal(targets({}), undefined)
  t.equal(targets({ [`${nlb}-type`]: 'nlb' }), undefined, 'the old provider of AWS')
  t.equal(targets({ [`${nlb}-type`]: 'external' }), undefined, 'nobody')
  t.same(targets({ [`${nlb}-type`]: 'nlb-ip' }), { type: 'ip', explicit: true })
  t.same(targets({ [`${nlb}-type`]: 'external', [`${nlb}-nlb-target-type`]: 'ip' }), { type: 'ip', explicit: true })
  t.same(targets({}, { loadBalancerClass: 'service.k8s.aws/nlb' }), { type: 'instance', explicit: false })
  t.equal(targets({ [`${nlb}-type`]: 'nlb-ip' }, { loadBalancerClass: 'example.com/lb' }), undefined)
  t.equal(targets({ [`${nlb}-type`]: 'nlb-ip' }, { type: 'ClusterIP' }), undefined)
})

t.test('Azure takes intervals and numbers of probes whose product is below 120', async (t) => {
  const reasons = (interval: string, probes: string) =>
    azureFaults(
      {
        service: {
          metadata: {
            annotations: {
              'service.beta.kubernetes.io/azure-load-balancer-health-probe-interval': interval,
              'service.beta.kubernetes.io/port_80_health-probe_num-of-probe': probes,
            },
          },
          spec: { type: 'LoadBalancer', ports: [{ port: 80 }, { port: 53, protocol: 'UDP' }] },
        },
        backends: [],
      },
      false,
    ).map((fault) => (fault === unknown ? 'unknown' : fault.reason))
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 130 }), fc.integer({ min: 0, max: 30 }), (interval, probes) => {
      const taken = interval >= 5 && probes >= 2 && interval * probes < 120
      t.strictSame(reasons(`${interval}`, `${probes}`), taken ? [] : ['azure-interval-product'])
    }),
  )
  t.strictSame(reasons('5s', '2'), ['azure-interval-product'])
  t.strictSame(reasons('${INTERVAL}', '2'), ['unknown'])
})

t.test('who is let in', async (t) => {
  const outside: Sender = { from: 'outside' }
  const pods: Sender = { from: 'pods', namespaces: [{ name: 'edge', labels: { team: 'edge' } }] }
  const port = { number: 8080, name: 'http', protocol: 'TCP' }
  const admits = (rule: object, sender: Sender) =>
    admitsIngress({ metadata: { namespace: 'web' }, spec: { ingress: [rule] } }, sender, port)
  for (const [rule, fromOutside, fromPods] of [
    [{}, true, true],
    [{ from: [] }, true, true],
    [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }, true, true],
    [{ from: [{ podSelector: {} }] }, false, false],
    [{ from: [{ namespaceSelector: {} }] }, false, true],
    [{ from: [{ namespaceSelector: { matchLabels: { team: 'shop' } } }] }, false, false],
    [{ from: [{ namespaceSelector: { matchLabels: { team: '${TEAM}' } } }] }, false, unknown],
    [{ ports: [{ port: 'http' }] }, true, true],
    [{ ports: [{ port: 'metrics' }, { port: 9000, endPort: 9100 }] }, false, false],
    [{ ports: [{ port: 8000, endPort: 8080 }] }, true, true],
    [{ ports: [{ port: 8080, protocol: 'UDP' }] }, false, false],
  ] as const) {
    t.equal(admits(rule, outside), fromOutside, JSON.stringify(rule))
    t.equal(admits(rule, pods), fromPods, JSON.stringify(rule))
  }
  t.equal(isolatesIngress({ spec: { policyTypes: ['Egress'] } }), false)
  t.equal(isolatesIngress({ spec: {} }), true)
})

t.test('nothing that a file may hold makes the rules fail', async () => {
  const kinds = ['Service', 'Ingress', 'Deployment', 'NetworkPolicy', 'IngressClass', 'BackendConfig', 'Node'] as const
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(null, true, 80, -1, 'http', 'LoadBalancer', 'alb', 'web', '${X}', '{', '{"ingress": true}'),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(
        fc.constantFrom(
          'type',
          'ports',
          'port',
          'targetPort',
          'rules',
          'http',
          'paths',
          'backend',
          'service',
          'from',
          'name',
        ),
        tie('tree'),
      ),
    ),
  }))
  const annotations = fc.dictionary(
    fc.constantFrom(
      `${nlb}-type`,
      `${nlb}-healthcheck-port`,
      'alb.ingress.kubernetes.io/healthcheck-path',
      'kubernetes.io/ingress.class',
      'cloud.google.com/backend-config',
      'service.beta.kubernetes.io/port_80_health-probe_port',
    ),
    tree,
  )
  const spec = fc.oneof(
    tree,
    fc.record({
      type: fc.constantFrom('LoadBalancer', null, 7),
      selector: fc.oneof(fc.constant({ app: 'web' }), tree),
      ports: tree,
      rules: tree,
      template: fc.record({ metadata: fc.constant({ labels: { app: 'web' } }), spec: tree }),
      podSelector: fc.constantFrom({}, null, 3),
      ingress: tree,
    }),
  )
  const object = fc.record({ metadata: fc.oneof(tree, fc.record({ name: fc.constant('web'), annotations })), spec })
  const review = { operation: 'CREATE', subresource: '', frontEnd: 'check' } as const
  const params = {
    albDefaultTargetType: 'instance',
    cloud: 'azure',
    azureSharedProbe: false,
    ingressNamespaces: ['web'],
  }
  fc.assert(
    fc.property(
      fc.constantFrom(...kinds.slice(0, 4)),
      object,
      fc.array(fc.tuple(fc.constantFrom(...kinds), object), { maxLength: 4 }),
      (kind, own, others) => {
        const entries = others.map(([each, other]): Entry => ({
          kind: each,
          namespace: 'web',
          name: 'web',
          object: other,
        }))
        const inventory = buildInventory(entries, { complete: true })
        for (const policy of [healthCheck, instanceTarget, readinessGate, policyBlocks]) {
          if (!policy.on.includes(kind)) continue
          const input = { kind, object: own, namespace: 'web', name: 'web', params, review, inventory }
          for (const yielded of policy.check(input)) void yielded
        }
      },
    ),
    { numRuns: 300 },
  )
})
