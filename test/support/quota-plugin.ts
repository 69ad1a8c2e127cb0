/**
 * The quota plugin on one new Pod, slowly and to the letter, in whole numbers: the oracle for what is computed otherwise
 * (kubernetes pkg/quota/v1/evaluator/core/pods.go, apiserver pkg/admission/plugin/resourcequota, each at 1.37).
 */
interface Amounts {
  [resource: string]: number
}

interface Resources {
  requests?: Amounts
  limits?: Amounts
}

export interface QuotaPod {
  containers: { name: string; resources?: Resources }[]
  initContainers: { name: string; resources?: Resources; restartPolicy?: string }[]
  resources?: Resources
  overhead?: Amounts
  activeDeadlineSeconds?: number
  priorityClassName?: string
}

export interface PlainQuota {
  hard: Amounts
  used: Amounts
  scopes?: string[]
  expressions?: { scopeName: string; operator: string; values?: string[] }[]
}

export interface Answer {
  /** `container value`, for want of which the pod is refused. */
  missing: Set<string>
  /** The keys of which there is not enough. */
  exceeded: Set<string>
}

export function ask(given: QuotaPod, quotas: readonly PlainQuota[]): Answer {
  const pod = structuredClone(given)
  for (const container of [...pod.containers, ...pod.initContainers]) {
    const resources = (container.resources ??= {})
    if (resources.limits) resources.requests = { ...resources.limits, ...resources.requests }
  }
  fillInWhole(pod)
  const missing = new Set<string>()
  const exceeded = new Set<string>()
  for (const quota of quotas) {
    if (!matches(quota, pod)) continue
    for (const each of constraints(Object.keys(quota.hard), pod)) missing.add(each)
    const usage = usageOf(pod)
    for (const [key, hard] of Object.entries(quota.hard)) {
      const more = usage[key] ?? 0
      if (more > 0 && (quota.used[key] ?? 0) + more > hard) exceeded.add(key)
    }
  }
  return { missing, exceeded }
}

const overcommittable = ['cpu', 'memory']

function fillInWhole(pod: QuotaPod): void {
  const whole = pod.resources
  if (!whole?.limits || Object.keys(whole.limits).length === 0) return
  const requests = { ...whole.requests }
  const total = aggregate(pod, 'requests')
  for (const key of overcommittable) if (key in total) requests[key] ??= total[key] ?? 0
  for (const [key, value] of Object.entries(whole.limits)) requests[key] ??= value
  whole.requests = requests
}

function isWholeSet(pod: QuotaPod): boolean {
  return [pod.resources?.requests, pod.resources?.limits].some((list) =>
    Object.keys(list ?? {}).some((key) => overcommittable.includes(key)),
  )
}

function matches(quota: PlainQuota, pod: QuotaPod): boolean {
  const tracked = Object.keys(quota.hard)
  if (tracked.length === 0) return false
  const selectors = [
    ...(quota.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists', values: [] as string[] })),
    ...(quota.expressions ?? []),
  ]
  return selectors.every(({ scopeName, operator, values = [] }) => {
    const terminating = pod.activeDeadlineSeconds !== undefined && pod.activeDeadlineSeconds >= 0
    if (scopeName === 'Terminating') return terminating
    if (scopeName === 'NotTerminating') return !terminating
    if (scopeName === 'BestEffort') return isBestEffort(pod)
    if (scopeName === 'NotBestEffort') return !isBestEffort(pod)
    const name = pod.priorityClassName ?? ''
    if (operator === 'Exists') return name !== ''
    if (operator === 'DoesNotExist') return name === ''
    if (operator === 'In') return name !== '' && values.includes(name)
    return name === '' || !values.includes(name)
  })
}

function isBestEffort(pod: QuotaPod): boolean {
  const judged = isWholeSet(pod)
    ? [pod.resources ?? {}]
    : [...pod.containers, ...pod.initContainers].map(({ resources }) => resources ?? {})
  return judged.every(({ requests = {}, limits = {} }) =>
    overcommittable.every((key) => (requests[key] ?? 0) === 0 && (limits[key] ?? 0) === 0),
  )
}

function constraints(hard: readonly string[], pod: QuotaPod): string[] {
  if (isWholeSet(pod)) return []
  const required = hard.filter((key) => /^((requests|limits)\.)?(cpu|memory)$/.test(key))
  return [...pod.containers, ...pod.initContainers].flatMap(({ name, resources }) => {
    const has = new Set([
      ...Object.keys(resources?.requests ?? {}).flatMap((key) => [key, `requests.${key}`]),
      ...Object.keys(resources?.limits ?? {}).map((key) => `limits.${key}`),
    ])
    return required
      .filter((key) => !has.has(key))
      .map((key) => `${name} ${key.includes('.') ? key : `requests.${key}`}`)
  })
}

function usageOf(pod: QuotaPod): Amounts {
  const requests = { ...aggregate(pod, 'requests'), ...pod.resources?.requests }
  const limits = { ...aggregate(pod, 'limits'), ...pod.resources?.limits }
  for (const [key, value] of Object.entries(pod.overhead ?? {})) {
    requests[key] = (requests[key] ?? 0) + value
    if (limits[key]) limits[key] += value
  }
  const usage: Amounts = { pods: 1, 'count/pods': 1 }
  for (const [key, value] of Object.entries(requests)) {
    if (!key.includes('/')) usage[key] = value
    usage[`requests.${key}`] = value
  }
  for (const [key, value] of Object.entries(limits)) if (!key.includes('/')) usage[`limits.${key}`] = value
  return usage
}

function aggregate(pod: QuotaPod, field: 'requests' | 'limits'): Amounts {
  const total: Amounts = {}
  const add = (to: Amounts, more: Amounts = {}) => {
    for (const [key, value] of Object.entries(more)) to[key] = (to[key] ?? 0) + value
  }
  for (const { resources } of pod.containers) add(total, resources?.[field])
  const sidecars: Amounts = {}
  const peak: Amounts = {}
  for (const { resources, restartPolicy } of pod.initContainers) {
    const now: Amounts = {}
    add(now, resources?.[field])
    if (restartPolicy === 'Always') {
      add(total, now)
      add(sidecars, now)
    }
    const running: Amounts = restartPolicy === 'Always' ? { ...sidecars } : now
    if (restartPolicy !== 'Always') add(running, sidecars)
    for (const [key, value] of Object.entries(running)) peak[key] = Math.max(peak[key] ?? 0, value)
  }
  for (const [key, value] of Object.entries(peak)) total[key] = Math.max(total[key] ?? 0, value)
  return total
}
