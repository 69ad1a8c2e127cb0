import { deregistrationDelay } from '../../src/sdk/deregistration.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import { isPart, podSpecOf, type ContainerView, type PodSpecView } from '../../src/sdk/pod-specs.ts'
import { definePolicy, unresolved, type Violation } from '../../src/sdk/policy.ts'
import { servedContainers, servingContainers } from '../../src/sdk/served-containers.ts'
import { listOf, memberOf, recordOf, stringOf } from '../../src/sdk/shape.ts'
import { yaml } from '../../src/sdk/snippet.ts'

const why =
  'A pod leaves the endpoints and gets SIGTERM at the same moment, but proxies and load balancers go on sending for seconds: requests reach a process that no longer listens, 502 in each rollout.'
const snippet = yaml`terminationGracePeriodSeconds: 45 # more than preStop and the drain of the process together
containers:
  - name: ${{ container: 'web' }}
    lifecycle:
      preStop:
        sleep: {seconds: 10}`

const container = (fields: string) =>
  `{ name: web, image: "registry.example.com/web:1.4.2", ports: [{ name: http, containerPort: 8080 }], resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } }${fields} }`
const deployment = (fields: string, pod = '') =>
  `{ kind: Deployment, metadata: { name: web }, spec: { replicas: 2, selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { ${pod}containers: [${container(fields)}] } } } }`
const service = (fields = '', metadata = '') =>
  `{ kind: Service, metadata: { name: web${metadata} }, spec: { ${fields}selector: { app: web }, ports: [{ port: 80, targetPort: http }] } }`
const ingress = (annotations: string) =>
  `{ kind: Ingress, metadata: { name: shop, annotations: { ${annotations} } }, spec: { rules: [{ http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] } }] } }`
const preStop = (hook: string) => `, lifecycle: { preStop: { ${hook} } }`
const sleeps = preStop('sleep: { seconds: 10 }')
const ip = 'alb.ingress.kubernetes.io/target-type: ip'
const delay = (seconds: number) =>
  `${ip}, alb.ingress.kubernetes.io/target-group-attributes: "deregistration_delay.timeout_seconds=${seconds}"`

export default definePolicy({
  id: 'network-rollout-drain-gap',
  summary: 'Pods go on answering until nobody sends to them.',
  signatures: ['gateway-timeout'],
  since: '0.1.0',
  sources: [
    'kubernetes/pkg/kubelet/kuberuntime/kuberuntime_container.go',
    'kubernetes/pkg/apis/core/validation/validation.go',
    'https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination',
  ],
  on: ['DaemonSet', 'Deployment', 'ReplicaSet', 'ReplicationController', 'Rollout', 'StatefulSet'],
  reads: ['Service', 'Ingress'],
  reasons: {
    'grace-zero': {
      baseline: 'warn',
      why: 'With a grace period of 0 the process is killed without SIGTERM while clients still send to it: every open request is cut.',
      snippet,
    },
    'prestop-exceeds-grace': {
      baseline: 'warn',
      why: 'The grace period runs while preStop sleeps: the process is killed in the middle of it and never gets the time to finish its requests.',
      snippet,
    },
    'no-prestop': { baseline: 'audit', strict: 'warn', why, snippet },
    'grace-lt-deregistration': {
      baseline: 'audit',
      strict: 'warn',
      why: 'The target group goes on draining connections for its deregistration delay, but the pod is killed after its grace period: what is still open ends in 502.',
      snippet: `metadata:
  annotations:
    alb.ingress.kubernetes.io/target-group-attributes: deregistration_delay.timeout_seconds=20`,
    },
    'sleep-invalid': {
      baseline: 'deny',
      api: true,
      why: 'The API server refuses a preStop that sleeps for longer than the grace period.',
      snippet,
    },
  },
  examples: {
    passes: [
      {
        name: 'a patch, whose grace period stands in what it patches',
        object: deployment(', lifecycle: { preStop: { sleep: { seconds: 60 } } }').replace(/image: "[^"]*", /, ''),
        frontEnd: 'check',
      },
      {
        name: 'preStop outlasts the last sender',
        object: deployment(sleeps, 'terminationGracePeriodSeconds: 45, '),
        inventory: service('type: LoadBalancer, '),
      },
      {
        name: 'a command that sleeps for less than the grace period',
        object: deployment(preStop('exec: { command: [sh, -c, "sleep 15 && nginx -s quit"] }')),
        inventory: service('type: LoadBalancer, '),
      },
      { name: 'clients inside the cluster only', object: deployment(''), inventory: service() },
      {
        name: 'a target group that drains as long as the pod',
        object: deployment(sleeps),
        inventory: `${service()}\n---\n${ingress(delay(30))}`,
      },
    ],
    fails: [
      {
        name: 'killed at once',
        object: deployment(sleeps, 'terminationGracePeriodSeconds: 0, '),
        frontEnd: 'check',
        finds: [
          'grace-zero /spec/template/spec/terminationGracePeriodSeconds',
          'sleep-invalid /spec/template/spec/containers/0/lifecycle/preStop/sleep/seconds',
        ],
      },
      {
        name: 'killed at once, without a hook',
        object: deployment('', 'terminationGracePeriodSeconds: 0, '),
        finds: ['grace-zero /spec/template/spec/terminationGracePeriodSeconds'],
      },
      {
        name: 'a command that sleeps as long as the grace period',
        object: deployment(preStop('exec: { command: [sleep, "30"] }')),
        finds: ['prestop-exceeds-grace /spec/template/spec/containers/0/lifecycle/preStop/exec/command'],
      },
      {
        name: 'a shell that sleeps for longer',
        object: deployment(
          preStop('exec: { command: [/bin/sh, -ec, "echo bye; sleep 60"] }'),
          'terminationGracePeriodSeconds: 45, ',
        ),
        finds: ['prestop-exceeds-grace /spec/template/spec/containers/0/lifecycle/preStop/exec/command'],
      },
      {
        name: 'behind a load balancer without preStop',
        object: deployment(''),
        inventory: service('type: LoadBalancer, '),
        finds: ['no-prestop /spec/template/spec/containers/0/lifecycle/preStop'],
      },
      {
        name: 'behind a node port',
        object: deployment(''),
        inventory: service('type: NodePort, '),
        finds: ['no-prestop /spec/template/spec/containers/0/lifecycle/preStop'],
      },
      {
        name: 'a target group drains for 300 seconds unless told otherwise',
        object: deployment(sleeps),
        inventory: `${service()}\n---\n${ingress(ip)}`,
        finds: ['grace-lt-deregistration /spec/template/spec/terminationGracePeriodSeconds'],
      },
      {
        name: 'so does that of a network load balancer',
        object: deployment(sleeps),
        inventory: service(
          'type: LoadBalancer, ',
          ', annotations: { service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: ip, service.beta.kubernetes.io/aws-load-balancer-target-group-attributes: "deregistration_delay.timeout_seconds=120" }',
        ),
        finds: ['grace-lt-deregistration /spec/template/spec/terminationGracePeriodSeconds'],
      },
      {
        name: 'Services that are not known yet',
        object: deployment(''),
        unknown: ['Service'],
        finds: ['unresolved Service'],
      },
    ],
  },
  *check({ kind, object, namespace, inventory }) {
    const view = podSpecOf(kind, object)
    const grace = view && graceOf(view)
    if (!view || grace === undefined) return
    const gracePath = `${view.path}/terminationGracePeriodSeconds`
    if (grace === 0) {
      yield {
        reason: 'grace-zero',
        path: gracePath,
        message: `${brief(nameOf(object))}: terminationGracePeriodSeconds 0 kills the process without SIGTERM`,
        fix: 'set terminationGracePeriodSeconds: 30 or more',
        values: { container: typedName(servingContainers(view)[0]) },
      }
    }
    for (const each of servingContainers(view)) {
      const fault = sleepFault(each, grace)
      if (fault) yield fault
    }
    const { served, unsure } = servedContainers(kind, object, view, namespace, inventory)
    const told = new Set<string>()
    let slowest: { readonly seconds: number; readonly by: string } | undefined
    for (const { container, exposures } of served) {
      const outside = exposures.filter(({ reach }) => reach !== 'cluster')
      for (const exposure of outside) {
        const delay = deregistrationDelay(exposure)
        if (delay && delay.seconds > (slowest?.seconds ?? grace)) slowest = delay
      }
      const [first] = outside
      const lacking = first && grace > 0 ? lackingHook(container, view) : undefined
      if (!lacking || told.has(lacking.path)) continue
      told.add(lacking.path)
      yield {
        reason: 'no-prestop',
        path: `${lacking.path}/lifecycle/preStop`,
        message: `${lacking.name} stops at once while Service ${brief(nameOf(first?.service), 20)} still sends to it: no preStop`,
        fix: 'add lifecycle: {preStop: {sleep: {seconds: 10}}}',
        values: { container: typedName(lacking) },
        related: outside.map(({ service }) => ({ kind: 'Service', namespace, name: nameOf(service) })),
      }
    }
    if (slowest) {
      yield {
        reason: 'grace-lt-deregistration',
        path: gracePath,
        message: `${brief(nameOf(object), 20)} has ${grace} s to end, ${slowest.by} drains its targets for ${slowest.seconds} s`,
        fix: `set deregistration_delay.timeout_seconds=${Math.max(1, grace - 10)}, or a grace period above ${slowest.seconds}`,
      }
    }
    if (servingContainers(view).some(({ container }) => !hookOf(container)))
      for (const each of unsure) yield unresolved(each)
  },
})

/** The grace period in seconds; undefined where nobody knows it: a `${VARIABLE}`, a patch. */
function graceOf({ spec }: PodSpecView): number | undefined {
  const grace: unknown = spec.terminationGracePeriodSeconds ?? (isPart(spec) ? undefined : 30)
  return typeof grace === 'number' && grace >= 0 ? grace : undefined
}

/** The name of a container as its author wrote it. */
function typedName(view: ContainerView | undefined): string | undefined {
  return stringOf(view?.container.name)
}

function hookOf(container: ContainerView['container']): unknown {
  return recordOf(memberOf(container.lifecycle, 'preStop'))
}

/** The container that has no hook; where it is not known which one serves, the first, if none has any. */
function lackingHook(container: ContainerView | undefined, view: PodSpecView): ContainerView | undefined {
  if (container) return hookOf(container.container) ? undefined : container
  const all = servingContainers(view)
  return all.some((each) => hookOf(each.container)) ? undefined : all[0]
}

function sleepFault(
  each: ContainerView,
  grace: number,
): Violation<'prestop-exceeds-grace' | 'sleep-invalid'> | undefined {
  const { container, path, name } = each
  const values = { container: typedName(each) }
  const hook = hookOf(container)
  const native = memberOf(memberOf(hook, 'sleep'), 'seconds')
  if (typeof native === 'number' && (native < 0 || native > grace)) {
    return {
      reason: 'sleep-invalid',
      path: `${path}/lifecycle/preStop/sleep/seconds`,
      message: `preStop of ${name} sleeps ${native} s: must be non-negative and less than terminationGracePeriodSeconds (${grace})`,
      fix: `sleep for less, or set terminationGracePeriodSeconds: ${Math.max(30, native + 20)}`,
      values,
    }
  }
  const seconds = sleptBy(listOf(memberOf(memberOf(hook, 'exec'), 'command')))
  if (seconds === undefined || grace === 0 || seconds < grace) return undefined
  return {
    reason: 'prestop-exceeds-grace',
    path: `${path}/lifecycle/preStop/exec/command`,
    message: `preStop of ${name} sleeps ${seconds} s, the grace period is ${grace} s: the process is killed before it can finish`,
    fix: `set terminationGracePeriodSeconds: ${seconds + 20}, or sleep for less`,
    values,
  }
}

/** How long a command sleeps at the least, as far as it says so: `sleep 30`, `sh -c "sleep 30"`. */
function sleptBy(command: readonly unknown[]): number | undefined {
  const words = command.filter((word) => typeof word === 'string').map((word) => word.slice(0, 4096))
  const [program, argument] = words
  if (program !== undefined && /(^|\/)sleep$/.test(program)) return secondsOf(argument ?? '')
  const script = words.find((_, index) => index > 0 && /^-[a-z]*c$/.test(words[index - 1] ?? ''))
  return script === undefined ? undefined : secondsOf(/(?:^|[\s;&/])sleep\s+(\S+)/.exec(script)?.[1] ?? '')
}

function secondsOf(text: string): number | undefined {
  const [, number, unit] = /^(\d{1,6})([sm]?)[;&]*$/.exec(text) ?? []
  return number === undefined ? undefined : Number(number) * (unit === 'm' ? 60 : 1)
}
