/**
 * A node drain under PodDisruptionBudgets, played step by step: the disruption controller's arithmetic and the eviction
 * API's checks, written from kubernetes/pkg/controller/disruption/disruption.go (getExpectedPodCount, getExpectedScale,
 * countHealthyPods, updatePdbStatus) and kubernetes/pkg/registry/core/pod/storage/eviction.go. It shares nothing with
 * the rules that it judges.
 */
export interface PlayedPod {
  readonly labels: { readonly [key: string]: string }
  /** The controller, if there is one: with its scale, or without any. */
  readonly owner?: { readonly id: string; readonly scale?: number }
  /** It has ended and stays. */
  readonly ended?: true
  /** On the node that is drained. */
  readonly here: boolean
}

export interface PlayedBudget {
  readonly name: string
  /** Null selects nothing, no pairs everything. */
  readonly selector: { readonly [key: string]: readonly string[] } | null
  readonly minAvailable?: number | string
  readonly maxUnavailable?: number | string
}

export function selects({ selector }: PlayedBudget, { labels }: PlayedPod): boolean {
  if (selector === null) return false
  return Object.entries(selector).every(([key, values]) => values.includes(labels[key] ?? '-'))
}

/** How many disruptions the controller allows; 0 also where it cannot count. */
function allowed(budget: PlayedBudget, all: readonly PlayedPod[]): number {
  const { minAvailable, maxUnavailable } = budget
  const pods = all.filter((pod) => selects(budget, pod))
  let expected = 0
  let desired = 0
  if (maxUnavailable !== undefined || typeof minAvailable === 'string') {
    const scales = new Map<string, number>()
    for (const { owner } of pods) {
      if (!owner) continue
      if (owner.scale === undefined) return 0
      scales.set(owner.id, owner.scale)
    }
    for (const scale of scales.values()) expected += scale
    desired =
      maxUnavailable === undefined
        ? resolved(minAvailable ?? 0, expected)
        : Math.max(0, expected - resolved(maxUnavailable, expected))
  } else if (minAvailable !== undefined) {
    expected = pods.length
    desired = minAvailable
  }
  const healthy = pods.filter(({ ended }) => !ended).length
  return expected <= 0 || healthy <= desired ? 0 : healthy - desired
}

function resolved(amount: number | string, of: number): number {
  return typeof amount === 'number' ? amount : Math.ceil((Number.parseInt(amount, 10) * of) / 100)
}

/**
 * Whether a drain of the node takes every pod on it that this budget alone covers. Pods that nobody replaces go first;
 * an evicted pod of a controller is Ready elsewhere before the next one is tried.
 */
export function drains(budget: PlayedBudget, all: readonly PlayedPod[]): boolean {
  let pods = [...all]
  const waiting = pods.filter((pod) => pod.here && !pod.ended && selects(budget, pod))
  for (const pod of waiting.sort((a, b) => Number(Boolean(a.owner)) - Number(Boolean(b.owner)))) {
    if (allowed(budget, pods) < 1) return false
    pods = pods.filter((other) => other !== pod)
    if (pod.owner) pods.push({ ...pod, here: false })
  }
  return true
}
