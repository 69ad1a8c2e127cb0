import type { Loop, Signature } from '../sdk/policy.ts'

/** A failure as people meet it, and what is behind it: the symptom shows in one loop, the cause is often in another. */
export interface SignatureText {
  /** What is seen, in a few words. */
  readonly seen: string
  /** What people search for: texts of kubectl, of events and of clients. */
  readonly symptoms: readonly string[]
  /** The loop that fails. */
  readonly loop: Loop
  /** Cause and effect. */
  readonly cause: string
  /** What takes the cause away. */
  readonly mitigation: string
}

export const signatures: { readonly [S in Signature]: SignatureText } = {
  'image-pull-backoff': {
    seen: 'Pods stay in ImagePullBackOff although the image exists',
    symptoms: ['ImagePullBackOff', 'ErrImagePull', 'Back-off pulling image', '401 Unauthorized', 'pull access denied'],
    loop: 'identity',
    cause:
      'The registry is up; what the node or the Pod shows it is not valid any more: a token that expired, a key that was rotated, a role that nobody mapped.',
    mitigation:
      'Pull by the identity of the node or of the ServiceAccount, map roles to ServiceAccounts, and keep no static key in a Secret.',
  },
  'crash-loop': {
    seen: 'containers exit at once, again and again',
    symptoms: ['CrashLoopBackOff', 'AccessDenied', 'ExpiredToken', 'OOMKilled'],
    loop: 'identity',
    cause:
      'The process starts, is refused by the cloud or killed by the kernel, and exits: credentials that expired or were never injected, or a memory limit that cannot hold it.',
    mitigation: 'Short-lived workload identity in place of keys, and limits that are meant as they are written.',
  },
  'pending-pods': {
    seen: 'Pods stay Pending while nodes have room',
    symptoms: [
      'Pending',
      'FailedScheduling',
      'Unschedulable',
      'nodes are available',
      'Insufficient cpu',
      'Insufficient memory',
      "didn't match pod anti-affinity rules",
      "didn't match pod topology spread constraints",
    ],
    loop: 'compute',
    cause:
      'The scheduler looks for one node that satisfies everything at once. Free capacity on many nodes does not add up, hard rules run out of domains, and nodes that cannot be drained take their room with them.',
    mitigation:
      'Soft rules (ScheduleAnyway, preferred affinity), requests that are true, and budgets that let one Pod go.',
  },
  'drain-stuck': {
    seen: 'a node cannot be drained, upgraded or scaled down',
    symptoms: ['Cannot evict pod', 'disruption budget', '429', 'SchedulingDisabled'],
    loop: 'compute',
    cause:
      'The eviction API refuses for as long as a budget allows no disruption. Cordoned nodes pile up, and their capacity is missing elsewhere.',
    mitigation: 'maxUnavailable: 1 with unhealthyPodEvictionPolicy: AlwaysAllow, one budget for each Pod.',
  },
  eviction: {
    seen: 'the kubelet kills Pods to save the node',
    symptoms: ['Evicted', 'MemoryPressure', 'The node was low on resource'],
    loop: 'compute',
    cause:
      'Under pressure the kubelet first ends the Pods that use more than they requested, and whoever requested nothing exceeds it with the first byte.',
    mitigation: 'Requests for CPU and memory on every container, and a memory limit near the request.',
  },
  'failed-create': {
    seen: 'a controller cannot create its Pods',
    symptoms: ['FailedCreate', 'forbidden', 'exceeded quota', 'error looking up service account'],
    loop: 'compute',
    cause:
      'The workload is accepted because nobody looks at its template; the Pods made from it are refused, one after the other, by quota, LimitRange, or for want of what they name.',
    mitigation: 'Templates that satisfy quota and LimitRange, and names that exist.',
  },
  'gateway-timeout': {
    seen: 'clients get 502, 503 or 504',
    symptoms: ['502', '503', '504', 'Bad Gateway', 'Gateway Timeout', 'no healthy upstream'],
    loop: 'network',
    cause:
      'One of the hops between client and Pod drops or misdirects the request: packets too large for the overlay, a load balancer that checks something else than the kubelet does, a Service whose ports or labels lead nowhere, a Pod that gets requests before it is ready or after it was told to end.',
    mitigation:
      'An MTU that leaves room for the headers of the overlay, health checks that ask what readiness asks, and ports and labels that agree.',
  },
  'volume-affinity-conflict': {
    seen: 'a volume lies in a zone where its Pod may not run',
    symptoms: ['volume node affinity conflict', "didn't match PersistentVolume's node affinity", 'Multi-Attach error'],
    loop: 'storage',
    cause:
      'The disk was made in one zone before the scheduler had chosen a node in another; a disk cannot cross zones, so the Pod waits for ever.',
    mitigation: 'volumeBindingMode: WaitForFirstConsumer, so that the volume follows the Pod.',
  },
  'blind-logs': {
    seen: 'a log line does not say where it comes from',
    symptoms: ['trace_id', 'missing namespace', 'missing zone'],
    loop: 'observability',
    cause:
      'A failure that crosses loops can only be followed where lines say which trace, namespace, Pod, node and zone they belong to.',
    mitigation: 'The downward API, resource attributes of OpenTelemetry, or a collector that adds them.',
  },
}

export const loops: { readonly [L in Loop]: string } = {
  identity: 'who a workload is, and what it may use',
  compute: 'where Pods run, and whether they can move',
  network: 'how a request finds a Pod that answers',
  storage: 'where volumes lie, and who may mount them',
  observability: 'whether a failure in one loop can be traced to another',
}

/**
 * The signature that somebody means by its id, by one of the texts that show it, by a part of one, or by a whole message
 * that holds one, however capitalised. Of several in one message the longest tells most.
 */
export function findSignature(text: string): Signature | undefined {
  const wanted = text.toLowerCase()
  // Object.keys types its result as string[]; the keys of the table are exactly the signatures.
  const all = Object.keys(signatures) as Signature[]
  const texts = all.flatMap((id) => signatures[id].symptoms.map((symptom) => ({ id, symptom: symptom.toLowerCase() })))
  const inMessage = texts
    .filter(({ symptom }) => isWithin(symptom, wanted))
    .sort((a, b) => b.symptom.length - a.symptom.length)
  return (
    all.find((id) => id === wanted) ??
    texts.find(({ symptom }) => symptom === wanted)?.id ??
    inMessage[0]?.id ??
    texts.find(({ symptom }) => wanted.length > 2 && symptom.includes(wanted))?.id
  )
}

// As words of their own: 502 is no part of 15028.
function isWithin(symptom: string, message: string): boolean {
  const at = message.indexOf(symptom)
  return at >= 0 && !/\w/.test(message.charAt(at - 1)) && !/\w/.test(message.charAt(at + symptom.length))
}
