/**
 * LimitRanger and what validation makes of its work, slowly and to the letter, in whole numbers: the oracle for what is
 * computed faster (kubernetes plugin/pkg/admission/limitranger/admission.go, pkg/apis/core/v1/defaults.go,
 * pkg/apis/core/validation/validation.go, each at 1.37).
 */
export interface Amounts {
  [resource: string]: number
}

interface Resources {
  requests?: Amounts
  limits?: Amounts
}

interface Container {
  resources?: Resources
  restartPolicy?: string
}

export interface Pod {
  containers: Container[]
  initContainers: Container[]
  resources?: Resources | undefined
}

export interface LimitRangeItem {
  type: 'Container' | 'Pod'
  default?: Amounts
  defaultRequest?: Amounts
  min?: Amounts
  max?: Amounts
  maxLimitRequestRatio?: Amounts
}

/** Whether a pod is refused under LimitRanges in this order. `before`: as up to Kubernetes 1.36. */
export function refusedBy(
  given: Pod,
  ranges: readonly (readonly LimitRangeItem[])[],
  wholeIsFilledIn: 'before' | 'after' = 'after',
): { refused: boolean; because: string[] } {
  const pod = structuredClone(given)
  const decoded = ranges.map((items) => items.map(decodedItem))
  const because: string[] = []
  for (const container of all(pod)) limitsToRequests(container)
  if (wholeIsFilledIn === 'before') fillInWhole(pod)
  for (const items of decoded) mutate(pod, items)
  if (wholeIsFilledIn === 'after') fillInWhole(pod)
  validate(pod, because)
  for (const items of decoded) for (const item of items) enforce(pod, item, because)
  return { refused: because.length > 0, because }
}

function all(pod: Pod): Container[] {
  return [...pod.containers, ...pod.initContainers]
}

function decodedItem(given: LimitRangeItem): LimitRangeItem {
  const item = structuredClone(given)
  if (item.type !== 'Container') return item
  const limits = (item.default ??= {})
  const requests = (item.defaultRequest ??= {})
  for (const [key, value] of Object.entries(item.max ?? {})) limits[key] ??= value
  for (const [key, value] of Object.entries(limits)) requests[key] ??= value
  for (const [key, value] of Object.entries(item.min ?? {})) requests[key] ??= value
  return item
}

function limitsToRequests(container: Container): void {
  const resources = (container.resources ??= {})
  if (!resources.limits) return
  const requests = (resources.requests ??= {})
  for (const [key, value] of Object.entries(resources.limits)) requests[key] ??= value
}

function mutate(pod: Pod, items: readonly LimitRangeItem[]): void {
  const requests: Amounts = {}
  const limits: Amounts = {}
  for (const item of items) {
    if (item.type !== 'Container') continue
    Object.assign(requests, item.defaultRequest)
    Object.assign(limits, item.default)
  }
  for (const container of all(pod)) {
    const resources = (container.resources ??= {})
    resources.limits = { ...limits, ...resources.limits }
    resources.requests = { ...requests, ...resources.requests }
  }
}

function fillInWhole(pod: Pod): void {
  const whole = pod.resources
  if (!whole?.limits || Object.keys(whole.limits).length === 0) return
  const requests = (whole.requests ??= {})
  for (const [key, value] of Object.entries(aggregate(pod, 'requests'))) requests[key] ??= value
  for (const [key, value] of Object.entries(whole.limits)) requests[key] ??= value
}

function aggregate(pod: Pod, field: 'requests' | 'limits'): Amounts {
  const total: Amounts = {}
  for (const { resources } of pod.containers) add(total, resources?.[field])
  const sidecars: Amounts = {}
  const starting: Amounts = {}
  for (const { resources, restartPolicy } of pod.initContainers) {
    const own: Amounts = {}
    add(own, resources?.[field])
    if (restartPolicy === 'Always') {
      add(total, own)
      add(sidecars, own)
      most(starting, sidecars)
    } else {
      add(own, sidecars)
      most(starting, own)
    }
  }
  most(total, starting)
  return total
}

function add(total: Amounts, more: Amounts | undefined): void {
  for (const [key, value] of Object.entries(more ?? {})) total[key] = (total[key] ?? 0) + value
}

function most(total: Amounts, other: Amounts): void {
  for (const [key, value] of Object.entries(other)) total[key] = Math.max(total[key] ?? 0, value)
}

function validate(pod: Pod, because: string[]): void {
  const exceeds = (resources: Resources | undefined, who: string) => {
    for (const [key, value] of Object.entries(resources?.requests ?? {}))
      if (value > (resources?.limits?.[key] ?? Infinity)) because.push(`${who}: request of ${key} above its limit`)
  }
  for (const container of all(pod)) exceeds(container.resources, 'container')
  exceeds(pod.resources, 'pod')
  for (const [key, value] of Object.entries(aggregate(pod, 'requests')))
    if (value > (pod.resources?.requests?.[key] ?? Infinity))
      because.push(`containers request more ${key} than the pod`)
  for (const { resources } of pod.containers)
    for (const [key, value] of Object.entries(resources?.limits ?? {}))
      if (value > (pod.resources?.limits?.[key] ?? Infinity)) because.push(`limit of ${key} above that of the pod`)
}

function enforce(pod: Pod, item: LimitRangeItem, because: string[]): void {
  const judged: Resources[] =
    item.type === 'Container'
      ? all(pod).map(({ resources }) => resources ?? {})
      : [
          {
            requests: { ...aggregate(pod, 'requests'), ...pod.resources?.requests },
            limits: { ...aggregate(pod, 'limits'), ...pod.resources?.limits },
          },
        ]
  for (const { requests = {}, limits = {} } of judged) {
    for (const [key, bound] of Object.entries(item.min ?? {})) {
      const [request, limit] = [requests[key], limits[key]]
      if (request === undefined || request < bound || (limit !== undefined && limit < bound))
        because.push(`min ${key} ${bound}`)
    }
    for (const [key, bound] of Object.entries(item.max ?? {})) {
      const [request, limit] = [requests[key], limits[key]]
      if (limit === undefined || limit > bound || (request !== undefined && request > bound))
        because.push(`max ${key} ${bound}`)
    }
    for (const [key, bound] of Object.entries(item.maxLimitRequestRatio ?? {})) {
      const [request, limit] = [requests[key], limits[key]]
      if (!request || !limit || limit / request > bound) because.push(`ratio ${key} ${bound}`)
    }
  }
}
