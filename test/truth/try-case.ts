import fc from 'fast-check'
import type { Cluster } from '../control-plane/cluster.ts'
import type { Comparison, Verdict } from './comparison.ts'
import { openPlace } from './place.ts'

/** What became of one case. */
export interface Tried {
  readonly verdicts: readonly Verdict[]
  /** The control plane did not come to rest, or something else is wrong with the comparison itself. */
  readonly error?: string
  /** The smallest case found in which a claim is broken. */
  readonly disagreement?: Disagreement
  /** A claim was broken once and held when the same objects were applied again. */
  readonly unsteady?: Disagreement
}

export interface Disagreement {
  readonly broken: readonly Verdict[]
  /** As they were sent. */
  readonly objects: readonly object[]
  readonly plan: unknown
}

// Edge values are said in the plans; bias towards small ones would leave little to compare. One case takes some seconds: what shrinking has found by then is small enough to read.
const shrinkingMs = 120_000

/** A comparison, whatever its plans are made of. */
export interface Trial {
  readonly name: string
  /** Tries the plan that a seed gives, and looks for a smaller one where it disagrees. */
  readonly random: (cluster: Cluster, place: string, seed: number) => Promise<Tried>
  /** Tries a plan that was written down. */
  readonly known: (cluster: Cluster, place: string, plan: unknown) => Promise<Tried>
}

export function trialOf<Plan>(comparison: Comparison<Plan>): Trial {
  return {
    name: comparison.name,
    random: (cluster, place, seed) => tryCase(comparison, cluster, place, seed),
    // What was written down is a plan of this comparison.
    known: (cluster, place, plan) => tryPlan(comparison, cluster, place, plan as Plan),
  }
}

async function tryCase<Plan>(
  comparison: Comparison<Plan>,
  cluster: Cluster,
  name: string,
  seed: number,
): Promise<Tried> {
  const tries: Tried[] = []
  const property = fc.asyncProperty(fc.noBias(comparison.plans), async (plan) => {
    const tried = await tryPlan(comparison, cluster, `${name}-${tries.length}`, plan)
    tries.push(tried)
    return tried.disagreement === undefined
  })
  await fc.check(property, { seed, numRuns: 1, interruptAfterTimeLimit: shrinkingMs })
  const [first = { verdicts: [] }] = tries
  const smallest = tries.findLast(({ disagreement }) => disagreement)
  return smallest ? { ...smallest, verdicts: first.verdicts } : first
}

/** Tries one plan; what it breaks must break again, since watches lag behind each other for moments. */
async function tryPlan<Plan>(comparison: Comparison<Plan>, cluster: Cluster, name: string, plan: Plan): Promise<Tried> {
  const once = await compare(comparison, cluster, name, plan)
  if (!once.disagreement) return once
  const again = await compare(comparison, cluster, `${name}-again`, plan)
  return again.disagreement ? again : { ...again, unsteady: once.disagreement }
}

async function compare<Plan>(comparison: Comparison<Plan>, cluster: Cluster, name: string, plan: Plan): Promise<Tried> {
  const place = await openPlace(cluster, name)
  try {
    const verdicts = await comparison.compare(plan, place)
    const broken = verdicts.filter(({ outcome }) => outcome === 'broken')
    if (broken.length === 0) return { verdicts }
    const objects = [...place.sent, ...broken.flatMap((verdict) => verdict.objects ?? [])]
    return { verdicts, disagreement: { broken, objects, plan } }
  } catch (error) {
    return { verdicts: [], error: `${error instanceof Error ? error.message : String(error)}\n${JSON.stringify(plan)}` }
  } finally {
    await place.close()
  }
}
