import { stringify } from 'yaml'
import type { Verdict } from './comparison.ts'
import type { Disagreement, Tried } from './try-case.ts'

/** A disagreement as text: which claims, the objects to apply, and the plan for the list of known ones. */
export function describe({ broken, objects, plan }: Disagreement): string {
  const claims = broken.map(({ claim, detail }) => `  ${claim}\n    ${detail}`)
  const yaml = objects.map((object) => stringify(object)).join('---\n')
  return [...claims, '  the objects:', indented(yaml), `  the plan: ${JSON.stringify(plan)}`].join('\n')
}

/** Counts of claims over all cases of one comparison. */
export class Tally {
  readonly #claims = new Map<string, { held: number; broken: number; unclaimed: number }>()
  cases = 0
  failed = 0
  unsteady = 0

  add(tried: Tried): void {
    this.cases++
    if (tried.error !== undefined || tried.disagreement) this.failed++
    if (tried.unsteady) this.unsteady++
    for (const verdict of tried.verdicts) this.#count(verdict)
  }

  /** False where no case put a claim to the test: a comparison that claims nothing can break nothing. */
  get isTested(): boolean {
    return [...this.#claims.values()].some(({ held, broken }) => held + broken > 0)
  }

  lines(): string[] {
    return [...this.#claims]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([claim, { held, broken, unclaimed }]) => {
        const counts = [
          ...(unclaimed ? [`${unclaimed} seen`] : [`${held} held`]),
          ...(broken ? [`${broken} broken`] : []),
        ]
        return `  ${claim}: ${counts.join(', ')}`
      })
  }

  #count({ claim, outcome }: Verdict): void {
    const known = this.#claims.get(claim) ?? { held: 0, broken: 0, unclaimed: 0 }
    this.#claims.set(claim, known)
    known[outcome]++
  }
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '    ')
}
