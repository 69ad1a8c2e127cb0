import type { Finding } from '../../../src/engine/finding.ts'
import { memberOf } from '../../../src/sdk/shape.ts'
import { comparable, inOrder, keyOf, type Situation } from '../../support/ways.ts'

// What the API server does to examples; whatever else happens to one fails the test.
const refusals: readonly (readonly [RegExp, string])[] = [
  [
    /Invalid value: "\$\{|Unsupported value: "\$\{|illegal base64 data/,
    'a variable or ciphertext in the place of a value',
  ],
  [/cannot unmarshal string into Go struct field CronJobSpec/, 'a variable in the place of a truth value'],
  [/quantities must match the regular expression/, 'a quantity that it cannot read'],
  [/must be less than or equal to \w+ limit/, 'a request above its limit'],
  [/minAvailable and maxUnavailable cannot be both set/, 'a budget with both fields'],
  [/valid percent string|must not be greater than 100%|must be greater than or equal to 0/, 'an amount that is none'],
  [/the API version in the data \(\S+v1beta1\) does not match/, 'an old version'],
  [/Local volume requires node affinity/, 'a local volume without a node'],
  [/must contain (at least one letter|only alpha-numeric characters)/, 'a name of a port that is none'],
  [/must be non-negative and less than terminationGracePeriodSeconds/, 'a sleep beyond the grace period'],
  [/error looking up service account/, 'a Pod of a ServiceAccount that is not there'],
  [/may not be 0 when `maxSurge` is 0/, 'a rollout that can take no step'],
  [/cannot unmarshal bool into Go struct field ObjectMeta\S*labels/, 'a label that is no text'],
  [/allowedTopologies\[\d+\]\.matchLabelExpressions: Duplicate value: ""/, 'a term of topologies without expressions'],
  [/must be greater than or equal to aggregate container/, 'containers that want more than their Pod as a whole has'],
  [/spec\.ephemeralContainers: Forbidden: cannot be set on create/, 'ephemeral containers in a new Pod'],
]

/** What an object was refused for; undefined where that is no trait of an example. */
export function refusalOf({ example }: Situation, message: string): string | undefined {
  if (example.object.includes('${')) return 'a variable that is not filled in'
  const text = message.replace(/\s+/g, ' ')
  return refusals.find(([pattern]) => pattern.test(text))?.[1]
}

interface Completion {
  readonly why: string
  readonly holds: (situation: Situation) => boolean
  /** The findings of the object as written, as the completed object must have them. */
  readonly expected?: (finding: Finding, found: readonly Finding[]) => Finding | undefined
  /** The rules that the completion concerns: their findings may be others, and those of no other rule. */
  readonly concerns?: ReadonlySet<string>
}

const completions: readonly Completion[] = [
  {
    why: 'a Pod gets the token of its account, and with it a file that holds the namespace',
    holds: ({ info }) => info.kind === 'Pod',
    expected: (finding) =>
      finding.rule === 'observability-context-env' && finding.reason === 'namespace' ? undefined : finding,
  },
  {
    why: 'the text of a quantity becomes the canonical one, and the message quotes it',
    holds: () => true,
    expected: (finding, found) =>
      finding.rule === 'compute-quantity-suspicious' ? sayingLike(finding, found) : finding,
  },
  {
    why: 'an autoscaler without metrics gets one of cpu',
    holds: ({ info }) => info.kind === 'HorizontalPodAutoscaler',
    expected: (finding) =>
      finding.rule === 'compute-hpa-metric-without-requests' && finding.path === '/spec/metrics'
        ? { ...finding, path: '/spec/metrics/0/resource' }
        : finding,
  },
  {
    why: 'stringData becomes data',
    holds: ({ info, object }) => info.kind === 'Secret' && 'stringData' in object,
    expected: (finding) => ({
      ...finding,
      path: finding.path.replace(/^\/stringData/, '/data'),
      message: finding.message.replace(/^stringData/, 'data'),
    }),
  },
  {
    why: 'a class without volumeBindingMode becomes Immediate',
    holds: ({ info, object }) => info.kind === 'StorageClass' && !('volumeBindingMode' in object),
    expected: sayingLike,
  },
  {
    why: 'a port of a Service gets its protocol and the port itself as its target, and a snippet shows it',
    holds: ({ info, others }) => [info, ...others].some(({ kind }) => kind === 'Service'),
    expected: (finding, found) =>
      finding.rule === 'network-service-port-unresolvable' ? showingLike(finding, found) : finding,
  },
  {
    why: 'a Deployment that leaves its replicas to several autoscalers gets one',
    holds: ({ info, object, others }) =>
      others.filter(({ kind }) => kind === 'HorizontalPodAutoscaler').length > 1 &&
      [{ kind: info.kind, object }, ...others].some(
        ({ kind, object }) => kind === 'Deployment' && memberOf(memberOf(object, 'spec'), 'replicas') === undefined,
      ),
    concerns: new Set(['compute-pdb-deadlock']),
  },
  {
    why: 'of several default classes the newest counts, and the API server sets the time',
    holds: ({ info, others }) => [info, ...others].filter(({ kind }) => kind === 'StorageClass').length > 1,
    concerns: new Set([
      'storage-default-class-ambiguous',
      'storage-pvc-immediate-class',
      'storage-reclaim-delete-stateful',
    ]),
  },
]

/**
 * Why an object has other findings as it was written than as the API server stored it: '' where it has the same,
 * undefined where no known completion explains it.
 */
export function completionOf(
  situation: Situation,
  written: readonly Finding[],
  found: readonly Finding[],
): string | undefined {
  if (isSame(written, found)) return ''
  return completions.find(({ holds, expected, concerns }) => {
    if (!holds(situation)) return false
    const others = (findings: readonly Finding[]) => findings.filter(({ rule }) => !concerns?.has(rule))
    const mapped = expected ? written.flatMap((finding) => expected(finding, found) ?? []) : written
    return isSame(others(mapped), others(found))
  })?.why
}

function isSame(some: readonly Finding[], others: readonly Finding[]): boolean {
  return JSON.stringify(inOrder(some)) === JSON.stringify(inOrder(others))
}

/** The finding with the message that the same one has in the other list. */
function sayingLike(finding: Finding, found: readonly Finding[]): Finding {
  const { rule, reason, path, fix } = finding
  const same = found.find(
    (other) => other.rule === rule && other.reason === reason && other.path === path && sameFix(other, fix),
  )
  return same ? { ...finding, message: same.message } : finding
}

/** The finding with the snippet that the same one has in the other list. */
function showingLike(finding: Finding, found: readonly Finding[]): Finding {
  const same = found.find((other) => keyOf(other) === keyOf(finding))
  return same?.snippet === undefined ? finding : { ...finding, snippet: same.snippet }
}

function sameFix(other: Finding, fix: string): boolean {
  return JSON.stringify(comparable({ ...other, fix })) === JSON.stringify(comparable(other))
}
