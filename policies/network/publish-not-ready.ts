import { brief } from '../../src/sdk/names.ts'
import { definePolicy } from '../../src/sdk/policy.ts'
import { memberOf } from '../../src/sdk/shape.ts'
import { isHeadless, isSelecting } from '../../src/sdk/services.ts'

const service = (fields: string) =>
  `{ kind: Service, metadata: { name: web }, spec: { ${fields}selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] } }`

export default definePolicy({
  id: 'network-publish-not-ready',
  summary: 'A Service that balances traffic sends it to Ready pods only.',
  signatures: ['gateway-timeout'],
  since: '0.1.0',
  sources: [
    'kubernetes/staging/src/k8s.io/endpointslice/utils.go',
    'https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/',
  ],
  on: ['Service'],
  reads: [],
  reasons: {
    'not-headless': {
      baseline: 'warn',
      strict: 'deny',
      why: 'Every endpoint counts as ready, so clients reach pods that still start or already stop: 502 during each rollout, and for as long as a pod is broken.',
      snippet: `spec:
  publishNotReadyAddresses: false`,
    },
  },
  examples: {
    passes: [
      {
        name: 'peers that find each other before they are Ready',
        object: service('clusterIP: None, publishNotReadyAddresses: true, '),
      },
      {
        name: 'the address of one replica, under which its peers know it',
        object: `{ kind: Service, spec: { publishNotReadyAddresses: true, selector: { app: redis, statefulset.kubernetes.io/pod-name: redis-0 }, ports: [{ port: 6379 }] } }`,
        inventory:
          '{ kind: Pod, metadata: { name: redis-0, labels: { app: redis, statefulset.kubernetes.io/pod-name: redis-0 } } }',
      },
      { name: 'Ready pods only', object: service('publishNotReadyAddresses: false, ') },
      {
        name: 'nobody makes endpoints for it',
        object: '{ kind: Service, spec: { publishNotReadyAddresses: true, ports: [{ port: 80 }] } }',
      },
    ],
    fails: [
      {
        name: 'a Service with an address of its own',
        object: service('publishNotReadyAddresses: true, '),
        finds: ['not-headless /spec/publishNotReadyAddresses'],
      },
      {
        name: 'a load balancer',
        object: service('type: LoadBalancer, publishNotReadyAddresses: true, '),
        finds: ['not-headless /spec/publishNotReadyAddresses'],
      },
    ],
  },
  *check({ object, name }) {
    if (object.spec?.publishNotReadyAddresses !== true || isHeadless(object) || !isSelecting(object)) return
    // One replica of a StatefulSet has nobody to balance with: such a Service gives it an address of its own.
    if (memberOf(object.spec.selector, 'statefulset.kubernetes.io/pod-name') !== undefined) return
    yield {
      reason: 'not-headless',
      path: '/spec/publishNotReadyAddresses',
      message: `Service ${brief(name)} publishes pods that are not ready`,
      fix: 'remove publishNotReadyAddresses, or set it on a headless Service for peers (clusterIP: None)',
    }
  },
})
