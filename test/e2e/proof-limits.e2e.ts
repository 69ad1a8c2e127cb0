import t from 'tap'
import { seen } from './support/evidence.ts'
import { deployment, limitRange, podSpec, quota, soundResources } from './support/objects.ts'
import { running } from './support/pods-and-claims.ts'
import { playProvisioner } from './support/provisioner.ts'
import { proveRefused, type RefusedPods } from './support/refused-pods.ts'
import { useCluster } from './support/shared-cluster.ts'
import { storageClass, waiting } from './support/volumes.ts'
import { startWebhook } from './support/webhook.ts'

const claimClass = 'limits-waiting'
const { requests, limits } = soundResources

/** The amount that a finding says to set. */
function said(finding: string, value: string): string {
  return seen(finding, new RegExp(`(?<=set ${value}( of \\w+)? to )\\d+\\w*`))
}

const ranges = { rule: 'compute-limitrange-conflict' }
const quotas = { rule: 'compute-quota-unspecified' }

const proofs: readonly RefusedPods[] = [
  {
    rule: 'compute-quantity-suspicious',
    name: 'containers above their pod',
    id: 'limits-pod-level',
    applied: 'a Deployment whose pods may use 100Mi of memory as a whole, and whose container requests 128Mi',
    before: [],
    faulty: within({ memory: '100Mi' }),
    refused: /spec\.resources\.requests: Invalid value: "128Mi": must be less than or equal to memory limit of 100Mi/,
    finding: /the containers request 128Mi of memory together, and the pod as a whole may use 100Mi/,
    typed: (finding) => ({ workload: within({ memory: seen(finding, /(?<=request )\d+\w+/) }) }),
    mended: 'with 128Mi for the pod all Pods run',
  },
  {
    ...ranges,
    name: 'a default limit below the request',
    id: 'limits-default',
    applied: 'a Deployment that requests 1Gi of memory and has no limit, in a namespace whose LimitRange gives 512Mi',
    before: [limitRange({ type: 'Container', default: { memory: '512Mi' } })],
    faulty: deployment({ resources: { requests: { ...requests, memory: '1Gi' }, limits: { cpu: '500m' } } }),
    refused:
      /spec\.containers\[0\]\.resources\.requests: Invalid value: "1Gi": must be less than or equal to memory limit of 512Mi/,
    finding: /requests 1Gi of memory and has no limit; LimitRange defaults gives it 512Mi/,
    typed: (finding) => ({
      workload: deployment({
        resources: {
          requests: { ...requests, memory: '1Gi' },
          limits: { ...limits, memory: said(finding, 'limits.memory') },
        },
      }),
    }),
    mended: 'with a limit of its own all Pods run',
  },
  {
    ...ranges,
    name: 'above the max',
    id: 'limits-max',
    applied: 'a Deployment with a memory limit of 512Mi, in a namespace whose LimitRange allows 256Mi',
    before: [limitRange({ type: 'Container', max: { memory: '256Mi' } })],
    faulty: deployment({ resources: { requests, limits: { ...limits, memory: '512Mi' } } }),
    refused: /maximum memory usage per Container is 256Mi, but limit is 512Mi/,
    finding: /has a memory limit of 512Mi; LimitRange defaults allows at most 256Mi/,
    typed: (finding) => ({
      workload: deployment({ resources: { requests, limits: { ...limits, memory: said(finding, 'limits.memory') } } }),
    }),
    mended: 'with a limit of 256Mi all Pods run',
  },
  {
    ...ranges,
    name: 'below the min',
    id: 'limits-min',
    applied: 'a Deployment that requests 128Mi of memory, in a namespace whose LimitRange asks for 256Mi',
    before: [limitRange({ type: 'Container', min: { memory: '256Mi' } })],
    faulty: deployment({ resources: { requests, limits: { ...limits, memory: '256Mi' } } }),
    refused: /minimum memory usage per Container is 256Mi, but request is 128Mi/,
    finding: /requests 128Mi of memory; LimitRange defaults asks for at least 256Mi/,
    typed: (finding) => ({
      workload: deployment({
        resources: {
          requests: { ...requests, memory: said(finding, 'requests.memory') },
          limits: { ...limits, memory: '256Mi' },
        },
      }),
    }),
    mended: 'with a request of 256Mi all Pods run',
  },
  {
    ...ranges,
    name: 'no limit under a max of the pod',
    id: 'limits-pod',
    applied: 'a Deployment without a cpu limit, in a namespace whose LimitRange has a `max` of `type: Pod`',
    before: [limitRange({ type: 'Pod', max: { cpu: '1' } })],
    faulty: deployment({ resources: { requests, limits: { memory: '128Mi' } } }),
    refused: /maximum cpu usage per Pod is 1\. {2}No limit is specified/,
    finding: /the pod as a whole has no cpu limit; LimitRange defaults allows at most 1/,
    typed: (finding) => ({
      workload: deployment({ resources: { requests, limits: { ...limits, cpu: said(finding, 'limits.cpu') } } }),
    }),
    mended: 'with a limit all Pods run',
  },
  {
    ...ranges,
    name: 'a ratio',
    id: 'limits-ratio',
    applied: 'a Deployment that may use fifty times the cpu that it requests, where the LimitRange allows twice',
    before: [limitRange({ type: 'Container', maxLimitRequestRatio: { cpu: '2' } })],
    faulty: deployment(),
    refused: /cpu max limit to request ratio per Container is 2, but provided ratio is 50\.000000/,
    finding: /LimitRange defaults allows a limit of 2 times the request; raise requests\.cpu or lower limits\.cpu/,
    typed: () => ({ workload: deployment({ resources: { requests: { ...requests, cpu: '250m' }, limits } }) }),
    mended: 'with half of the limit as request all Pods run',
  },
  {
    ...ranges,
    name: 'a default above the limit of the pod',
    id: 'limits-whole',
    applied: 'a Deployment whose pods may use 256Mi as a whole, in a namespace whose LimitRange gives containers 512Mi',
    before: [limitRange({ type: 'Container', default: { memory: '512Mi' } })],
    faulty: whole({ requests: { memory: '64Mi' } }),
    refused:
      /spec\.resources\.containers\[0\]\[memory\]\.limits: Invalid value: "512Mi": must be less than or equal to pod limits of 256Mi/,
    finding: /the pod one of 256Mi; LimitRange defaults gives the container 512Mi/,
    typed: (finding) => ({
      workload: whole({ requests: { memory: '64Mi' }, limits: { memory: said(finding, 'limits.memory') } }),
    }),
    mended: 'with a limit of the container all Pods run',
  },
  {
    ...ranges,
    name: 'a claim above the max',
    id: 'limits-claim',
    applied: 'a StatefulSet with claims of 10Gi, in a namespace whose LimitRange allows claims of 1Gi',
    before: [limitRange({ type: 'PersistentVolumeClaim', max: { storage: '1Gi' } })],
    faulty: statefulSet(1, '10Gi'),
    outage: 'the StatefulSet is accepted and has no Pod',
    by: 'StatefulSet controller, event FailedCreate',
    refused: /maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 10Gi/,
    finding: /LimitRange defaults allows at most 1Gi/,
    typed: (finding) => ({ workload: statefulSet(1, seen(finding, /(?<=; request )\d+\w+/)) }),
    mended: 'with claims of 1Gi it runs',
    healthy: (namespace) => running(namespace, 'db-0'),
  },
  {
    ...quotas,
    name: 'no limit of cpu',
    id: 'limits-quota-cpu',
    applied: 'a Deployment with an init container without limits, in a namespace with a ResourceQuota on `limits.cpu`',
    before: [quota({ 'limits.cpu': '100' })],
    faulty: migrating({}),
    refused: /failed quota: team: must specify limits\.cpu for: migrate/,
    finding: /container migrate has no cpu limit, and ResourceQuota team on limits\.cpu wants one/,
    typed: (finding) => ({ workload: migrating(limitOf(finding)) }),
    mended: 'with the limit all Pods run',
  },
  {
    ...quotas,
    name: 'no limit of memory',
    id: 'limits-quota-memory',
    applied:
      'a Deployment with an init container without limits, in a namespace with a ResourceQuota on `limits.memory`',
    before: [quota({ 'limits.memory': '100Gi' })],
    faulty: migrating({}),
    refused: /failed quota: team: must specify limits\.memory for: migrate/,
    finding: /container migrate has no memory limit, and ResourceQuota team on limits\.memory wants one/,
    typed: (finding) => ({ workload: migrating(limitOf(finding)) }),
    mended: 'with the limit all Pods run',
  },
  {
    ...quotas,
    name: 'claims',
    id: 'limits-claims',
    applied: 'a StatefulSet of two replicas with a claim each, in a namespace whose ResourceQuota allows one claim',
    before: [quota({ persistentvolumeclaims: '1' })],
    faulty: statefulSet(2, '1Gi'),
    outage: 'the StatefulSet is accepted and stops after its first Pod',
    by: 'StatefulSet controller, event FailedCreate',
    refused:
      /persistentvolumeclaims "data-db-1" is forbidden: exceeded quota: team, requested: persistentvolumeclaims=1, used: persistentvolumeclaims=1, limited: persistentvolumeclaims=1/,
    left: 1,
    finding: /2 claims to come need 2 of persistentvolumeclaims; ResourceQuota team allows 1/,
    typed: (finding) => ({
      beside: quota({ persistentvolumeclaims: seen(finding, /(?<=need )\d+/) }),
      workload: statefulSet(2, '1Gi'),
    }),
    mended: 'with a quota of as many claims as it needs both run',
    healthy: (namespace) => running(namespace, 'db-1'),
  },
]

t.test('what LimitRanges and quotas refuse later', async (t) => {
  t.jobs = 6
  const cluster = await useCluster(t)
  const webhook = await startWebhook(t, cluster, 'proof-limits')
  const created = await cluster.request(
    'POST',
    '/apis/storage.k8s.io/v1/storageclasses',
    storageClass(claimClass, waiting, 'WaitForFirstConsumer'),
  )
  t.equal(created.status, 201)
  playProvisioner(t, cluster, waiting, 'zone-0', [
    'limits-claim',
    'limits-claim-mended',
    'limits-claims',
    'limits-claims-mended',
  ])
  for (const proof of proofs) t.test(`${proof.rule}: ${proof.name}`, (t) => proveRefused(t, cluster, webhook, proof))
})

/** A Deployment whose container requests what is sound, and whose pods have limits as a whole. */
function within(limits: object): object {
  return deployment({ resources: { requests }, pod: { resources: { limits: { cpu: '500m', ...limits } } } })
}

/** A Deployment whose pods have their requests and limits as a whole. */
function whole(resources: object): object {
  return deployment({ resources, pod: { resources: { requests, limits: { cpu: '500m', memory: '256Mi' } } } })
}

/** A Deployment with an init container, which no rule but that about quotas asks for limits. */
function migrating(limits: object): object {
  const migrate = { name: 'migrate', image: 'registry.example/web:1.0', resources: { requests, limits } }
  return deployment({ pod: { initContainers: [migrate] } })
}

function limitOf(finding: string): object {
  const resource = seen(finding, /(?<=set limits\.)\w+(?= of migrate)/) as keyof typeof limits
  return { [resource]: limits[resource] }
}

function statefulSet(replicas: number, storage: string): object {
  const labels = { app: 'db' }
  const claim = {
    storageClassName: claimClass,
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage } },
  }
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db' },
    spec: {
      replicas,
      serviceName: 'db',
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podSpec() },
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claim }],
    },
  }
}
