import { Counter, type Registry } from 'prom-client'

/** A counter with labels that costs a review next to nothing: label sets are made when somebody asks for the metrics. */
export interface Tally {
  /** Adds one, with the values of the labels in their order. */
  add(...values: readonly string[]): void
}

export function createTally(registry: Registry, name: string, help: string, labelNames: readonly string[]): Tally {
  const counts = new Map<string, number>()
  new Counter({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    collect() {
      this.reset()
      for (const [key, count] of counts) {
        const values = key.split('\n')
        this.inc(Object.fromEntries(labelNames.map((label, index) => [label, values[index] ?? ''])), count)
      }
    },
  })
  return {
    add(...values) {
      // Label values are words of ours, none of which holds a line break.
      const key = values.join('\n')
      counts.set(key, (counts.get(key) ?? 0) + 1)
    },
  }
}
