import t from 'tap'
import type { Json } from '../control-plane/client.ts'
import type { Cluster } from '../control-plane/cluster.ts'
import { waitFor } from '../control-plane/wait.ts'
import { settled } from './support/drain.ts'
import { findingOf, record, seen } from './support/evidence.ts'
import { list, openNamespace, type Namespace } from './support/namespace.ts'
import { autoscaler, deployment, soundResources } from './support/objects.ts'
import { useCluster } from './support/shared-cluster.ts'
import { startWebhook } from './support/webhook.ts'

t.test('autoscalers', async (t) => {
  t.jobs = 3
  const cluster = await useCluster(t)
  await serveMetrics(cluster)
  // The requests that the proof leaves out are the business of another rule.
  const rules = { 'compute-requests-required': { severity: 'off' } }
  const webhook = await startWebhook(t, cluster, 'proof-autoscalers', { rules })

  t.test('compute-hpa-target-missing: a name of nobody', async (t) => {
    const rule = 'compute-hpa-target-missing'
    const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'wbe' }
    const blind = /the HPA controller was unable to get the target's current scale: deployments\.apps "wbe" not found/
    const open = await openNamespace(cluster, 'hpa-target')
    await open.accept(deployment(), autoscaler({ scaleTargetRef }))
    const message = await says(open, 'AbleToScale', blind)

    const guarded = await openNamespace(cluster, 'hpa-target-mended', webhook.name)
    await guarded.accept(deployment())
    const said = await told(guarded, rule, autoscaler({ scaleTargetRef }))
    t.match(said, /does not exist; set scaleTargetRef\.name: web/)
    await guarded.accept(autoscaler({}))
    await says(guarded, 'AbleToScale', /the HPA controller was able to get the target's current scale|recommended size/)
    record({
      rule,
      name: 'a name of nobody',
      applied: 'a HorizontalPodAutoscaler whose target is misspelt',
      outage: 'it is accepted and never scales anything',
      by: 'autoscaler controller, condition AbleToScale, reason FailedGetScale',
      message,
      finding: said,
      mended: 'with the name that the finding proposes the controller reads the scale',
    })
  })

  t.test('compute-hpa-metric-without-requests: no cpu request', async (t) => {
    const rule = 'compute-hpa-metric-without-requests'
    const { memory } = soundResources.limits
    const without = { requests: { memory }, limits: { memory } }
    const missing = /missing request for cpu in container web of Pod/
    const open = await openNamespace(cluster, 'hpa-requests')
    await open.accept(deployment({ resources: without }))
    await settled(open)
    await measure(cluster, open)
    await open.accept(autoscaler({}))
    const message = await says(open, 'ScalingActive', missing)

    const guarded = await openNamespace(cluster, 'hpa-requests-mended', webhook.name)
    await guarded.accept(deployment({ resources: without }))
    const said = await told(guarded, rule, autoscaler({}))
    t.match(said, /container web of web has none; set resources\.requests\.cpu/)
    await guarded.accept(deployment())
    await settled(guarded)
    await measure(cluster, guarded)
    t.match((await guarded.apply(autoscaler({}))).stderr, /^(?![^]*compute-hpa)/, 'and no rule about autoscalers warns')
    await says(guarded, 'ScalingActive', /the HPA was able to successfully calculate a replica count from cpu/)
    record({
      rule,
      name: 'no cpu request',
      applied: 'a HorizontalPodAutoscaler without metrics, which is cpu, over a Deployment without cpu requests',
      outage: 'it is accepted and never scales anything',
      by: 'autoscaler controller, condition ScalingActive, reason FailedGetResourceMetric',
      message: message.replace(/ \S+$/, ''),
      finding: said,
      mended: 'with a cpu request the controller computes the replicas',
    })
  })

  t.test('compute-hpa-replicas-conflict: two autoscalers', async (t) => {
    const rule = 'compute-hpa-replicas-conflict'
    const ambiguous = /are controlled by more than one HPA/
    const open = await openNamespace(cluster, 'hpa-rivals')
    await open.accept(deployment())
    await settled(open)
    await measure(cluster, open)
    await open.accept(autoscaler({}), autoscaler({}, 'older'))
    const message = await says(open, 'ScalingActive', ambiguous)
    await says(open, 'ScalingActive', ambiguous, 'older')

    const guarded = await openNamespace(cluster, 'hpa-rivals-mended', webhook.name)
    await guarded.accept(deployment())
    await settled(guarded)
    await measure(cluster, guarded)
    await guarded.accept(autoscaler({}))
    const said = await told(guarded, rule, autoscaler({}, 'older'))
    t.match(said, /HPAs older and web count the same pods.*: none of them scales/)
    const refused = await guarded.apply(autoscaler({}, 'older'))
    t.equal(refused.code, 1, 'it is refused')
    t.match(refused.stderr, /remove one of them/, 'says what to type')
    await says(guarded, 'ScalingActive', /the HPA was able to successfully calculate a replica count from cpu/)
    record({
      rule,
      name: 'two autoscalers',
      applied: 'two HorizontalPodAutoscalers of one Deployment',
      outage: 'both are accepted, and neither scales',
      by: 'autoscaler controller, condition ScalingActive, reason AmbiguousSelector',
      message,
      finding: said,
      mended: 'with one of them the controller computes the replicas',
    })
  })
})

/** Waits until the autoscaler says so in a condition, and returns what it says. */
async function says(namespace: Namespace, type: string, pattern: RegExp, name = 'web'): Promise<string> {
  const message = await waitFor(
    `autoscaler ${name} of ${namespace.name} to say ${pattern}`,
    async () => {
      const status = (await namespace.get(`autoscaling/v2/horizontalpodautoscalers/${name}`)).at('status')
      return (
        status
          .at('conditions')
          .items.find((each) => each.at('type').text === type)
          ?.at('message').text ?? ''
      )
    },
    { until: (text) => pattern.test(text) },
  )
  return seen(message, pattern)
}

/** What the webhook says once it knows what was applied before, which it learns by its watch. */
async function told(namespace: Namespace, rule: string, object: object): Promise<string> {
  const { stderr } = await waitFor(
    `the webhook to speak of ${rule}`,
    () => namespace.kubectl(['apply', '--dry-run=server', '-f', '-'], { input: list([object]) }),
    { until: (answer) => answer.stderr.includes(`[${rule}] `) },
  )
  return findingOf(stderr, rule)
}

/** The resource metrics API in the form of a custom resource: the controller cannot tell it from a metrics server. */
async function serveMetrics(cluster: Cluster): Promise<void> {
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: 'pods.metrics.k8s.io',
      annotations: { 'api-approved.kubernetes.io': 'unapproved, for tests' },
    },
    spec: {
      group: 'metrics.k8s.io',
      scope: 'Namespaced',
      names: { kind: 'PodMetrics', listKind: 'PodMetricsList', plural: 'pods', singular: 'podmetrics' },
      versions: [
        {
          name: 'v1beta1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  }
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
  await cluster.request('POST', path, definition)
  await waitFor(
    'the metrics to be served',
    async () => (await cluster.request('GET', '/apis/metrics.k8s.io/v1beta1/pods')).status,
    { until: (status) => status === 200 },
  )
}

/** Half of the cpu that is requested, of every Pod that is there. */
async function measure(cluster: Cluster, { name, get }: Namespace): Promise<void> {
  const pods = (await get('pods')).at('items').items
  // Measured after the Pods were ready, as they must have been for a window's length.
  const timestamp = new Date(Date.now() + 3_600_000).toISOString()
  const metricsOf = (pod: Json): object => ({
    apiVersion: 'metrics.k8s.io/v1beta1',
    kind: 'PodMetrics',
    metadata: { name: pod.at('metadata', 'name').text, labels: pod.at('metadata', 'labels').value },
    timestamp,
    window: '30s',
    containers: [{ name: 'web', usage: { cpu: '5m', memory: '64Mi' } }],
  })
  for (const pod of pods) {
    const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${name}/pods`
    const { status, body } = await cluster.request('POST', path, metricsOf(pod))
    if (status !== 201) throw new Error(`not measured: ${body.at('message').text}`)
  }
}
