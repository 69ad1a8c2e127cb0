import type { Policy } from '../src/sdk/policy.ts'
import computePdbBlocksAll from './compute/pdb-blocks-all.ts'
import computePdbDeadlock from './compute/pdb-deadlock.ts'

/** Every rule, sorted by id. `npm run new-policy` adds to it; test/architecture.test.ts holds it complete. */
export const policies: readonly Policy[] = [computePdbBlocksAll, computePdbDeadlock]
