/** One thing that must be so before requests may come: undefined while it is, else what is wrong, in a few words. */
export type Check = () => string | undefined

/** What `/readyz` answers: every check by name, and whether all of them hold. */
export class Readiness {
  readonly #checks = new Map<string, Check>()

  add(name: string, check: Check): void {
    this.#checks.set(name, check)
  }

  report(): { readonly ready: boolean; readonly text: string } {
    const results = [...this.#checks].map(([name, check]) => [name, check()] as const)
    const lines = results.map(([name, problem]) =>
      problem === undefined ? `ok: ${name}` : `not ready: ${name}: ${problem}`,
    )
    return { ready: results.every(([, problem]) => problem === undefined), text: `${lines.join('\n')}\n` }
  }
}
