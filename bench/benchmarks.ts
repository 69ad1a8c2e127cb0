import { detectorBenchmark } from './detector.ts'
import { engineBenchmark } from './engine.ts'
import { httpBenchmark } from './http.ts'
import { inventoryBenchmark } from './inventory.ts'
import type { Benchmark } from './measure.ts'
import { policiesBenchmark } from './policies.ts'

/** Every benchmark of `npm run bench`, in the order in which they run. */
export const benchmarks: readonly Benchmark[] = [
  detectorBenchmark,
  engineBenchmark,
  policiesBenchmark,
  httpBenchmark,
  inventoryBenchmark,
]
