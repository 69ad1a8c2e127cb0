import fc from 'fast-check'

interface Amounts {
  readonly [resource: string]: string
}

interface Resources {
  readonly requests?: Amounts
  readonly limits?: Amounts
}

interface ContainerPlan {
  readonly resources?: Resources
  readonly restartPolicy?: string
}

export interface PodPlan {
  readonly containers: readonly ContainerPlan[]
  readonly initContainers: readonly ContainerPlan[]
  /** Of the Pod as a whole. */
  readonly resources?: Resources
  readonly activeDeadlineSeconds?: number
  readonly priorityClassName?: string
}

/** A namespace with its LimitRanges and quotas, and Pods that are to be let in or not. */
export interface AdmissionPlan {
  /** The limits of each. */
  readonly ranges: readonly (readonly object[])[]
  /** The spec of each. */
  readonly quotas: readonly object[]
  readonly pods: readonly PodPlan[]
}

export const priorityClasses = ['truth-high', 'truth-low']

const amountsOf = {
  cpu: fc.constantFrom('0', '250m', '500m', '0.5', '1', '1500m', '2', '3'),
  memory: fc.constantFrom('0', '64Mi', '128Mi', '134217728', '0.5Gi', '512Mi', '500M', '1Gi'),
}
const amounts: fc.Arbitrary<Amounts> = fc.record(amountsOf, { requiredKeys: [] })
const resources: fc.Arbitrary<Resources> = fc.record({ requests: amounts, limits: amounts }, { requiredKeys: [] })
export const podPlans: fc.Arbitrary<PodPlan> = fc
  .record({
    containers: fc.array(fc.record({ resources }, { requiredKeys: [] }), { minLength: 1, maxLength: 2 }),
    initContainers: fc.array(fc.record({ resources, restartPolicy: fc.constant('Always') }, { requiredKeys: [] }), {
      maxLength: 2,
    }),
    more: fc.record(
      {
        resources,
        activeDeadlineSeconds: fc.constantFrom(1, 60),
        priorityClassName: fc.constantFrom(...priorityClasses),
      },
      { requiredKeys: [] },
    ),
    dice: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ more, dice, ...rest }) => ({ ...rest, ...(dice === 0 ? more : {}) }))

const item = fc.oneof(
  fc.record(
    {
      type: fc.constant('Container'),
      default: amounts,
      defaultRequest: amounts,
      min: amounts,
      max: amounts,
      maxLimitRequestRatio: fc.record(
        { cpu: fc.constantFrom('1', '1500m', '2'), memory: fc.constantFrom('1', '2') },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: ['type'] },
  ),
  fc.record({ type: fc.constant('Pod'), min: amounts, max: amounts }, { requiredKeys: ['type'] }),
)

const keys = ['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory']
const hard = fc
  .tuple(
    fc.subarray(keys, { minLength: 0, maxLength: 3 }),
    fc.tuple(amountsOf.cpu, amountsOf.memory),
    fc.subarray(['pods', 'count/pods']),
    fc.constantFrom('0', '1', '5'),
  )
  .map(([chosen, [cpu, memory], counts, count]) =>
    Object.fromEntries<string>([
      ...chosen.map((key) => [key, key.endsWith('cpu') ? cpu : memory] as const),
      ...counts.map((key) => [key, count] as const),
    ]),
  )
const quota = fc
  .record({
    hard,
    scope: fc.constantFrom<object[]>(
      ...[{}, {}, {}, { scopes: ['Terminating'] }, { scopes: ['NotTerminating'] }, { scopes: ['NotBestEffort'] }],
      { scopes: ['BestEffort'] },
      { scopes: ['PriorityClass'] },
      { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['truth-high'] }] } },
      { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'DoesNotExist' }] } },
    ),
  })
  .map(({ hard, scope }) => ({ hard, ...scope }))

export const admissionPlans: fc.Arbitrary<AdmissionPlan> = fc.record({
  ranges: fc.oneof(
    { weight: 3, arbitrary: fc.array(fc.array(item, { minLength: 1, maxLength: 2 }), { maxLength: 1 }) },
    { weight: 1, arbitrary: fc.array(fc.array(item, { minLength: 1, maxLength: 2 }), { minLength: 2, maxLength: 2 }) },
  ),
  quotas: fc.array(quota, { maxLength: 2 }),
  pods: fc.array(podPlans, { minLength: 8, maxLength: 16 }),
})

export function specOf({ containers, initContainers, ...more }: PodPlan): object {
  const named = (prefix: string) => (container: ContainerPlan, index: number) => ({
    name: `${prefix}${index}`,
    image: 'registry.example/web:1.0',
    ...container,
  })
  return { ...more, containers: containers.map(named('c')), initContainers: initContainers.map(named('i')) }
}
