import type { Case } from '../support/case.ts'
import * as computeBudgets from './compute-budgets.ts'
import * as computeResources from './compute-resources.ts'
import * as computeScheduling from './compute-scheduling.ts'
import * as identity from './identity.ts'
import * as identityBinding from './identity-binding.ts'
import * as loadBalancers from './load-balancers.ts'
import * as network from './network.ts'
import * as observability from './observability.ts'
import * as storage from './storage.ts'

const topics = [
  computeBudgets,
  computeResources,
  computeScheduling,
  identity,
  identityBinding,
  loadBalancers,
  network,
  observability,
  storage,
]

/** At least one case a policy. Credentials are made here: they are in no file and belong to nobody. */
export const cases: readonly Case[] = topics.flatMap((topic) => topic.cases)

/** Rules whose outage this control plane cannot show, with the source that says that it happens. */
export const unproven: ReadonlyMap<string, string> = new Map(topics.flatMap((topic) => topic.unproven))
