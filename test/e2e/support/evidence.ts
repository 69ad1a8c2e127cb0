import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { json, type Json } from '../../control-plane/client.ts'

/** Where `run.ts` collects what the proofs saw. */
export const evidenceVariable = 'DAY2_E2E_EVIDENCE'

/** One proof. Texts hold no generated names and no counts of the run, so that two runs write the same. */
export interface Proof {
  readonly rule: string
  /** Which of several proofs of the rule. */
  readonly name: string
  /** What was applied without the webhook. */
  readonly applied: string
  /** What happened then, and in whose words. */
  readonly outage: string
  readonly by: string
  readonly message: string
  /** The finding that refuses it. */
  readonly finding: string
  /** What was typed instead, and what it led to. */
  readonly mended: string
}

export function record(proof: Proof): void {
  const folder = process.env[evidenceVariable]
  if (folder) writeFileSync(join(folder, `${proof.rule} ${proof.name}.json`), JSON.stringify(proof))
}

export const denialFile = 'denial.txt'

/** Keeps what a refused user read, for the README. The trace is different in each run. */
export function recordDenial(command: string, output: string): void {
  const folder = process.env[evidenceVariable]
  const text = output.replace(/\(trace [0-9a-f]{32}\)/, '(trace 4bf92f3577b34da6a3ce929d0e0e4736)')
  if (folder) writeFileSync(join(folder, denialFile), `$ ${command}\n${text.trimEnd()}\n`)
}

/** The first piece of a text that a pattern matches. Throws if there is none: then there is nothing to record. */
export function seen(text: string, pattern: RegExp): string {
  const found = pattern.exec(text)?.[0]
  if (found === undefined) throw new Error(`${pattern} does not occur in: ${text}`)
  return found
}

/** The line of a denial or of a warning about a rule, without the place. */
export function findingOf(text: string, rule: string): string {
  const lines = text.split('\n')
  const denial = lines.find((line) => line.startsWith(`[${rule}] `))
  const warning = lines.find((line) => line.startsWith(`Warning: [${rule}] `))?.replace(/^Warning: /, '')
  const line = denial ?? warning
  if (line === undefined) throw new Error(`no finding of ${rule} in: ${text}`)
  return line
}

/**
 * The YAML that a denial proposes for a rule, read as whoever types it would. What several rules propose is said once,
 * with the first of them.
 */
export function snippetOf(text: string, rule: string): Json {
  const groups = text.split(/\n(?=\[)/)
  const own = groups.findIndex((group) => group.startsWith(`[${rule}] `))
  const block =
    groups
      .slice(0, own + 1)
      .flatMap((group) => /\n {2}fix: [^]*?\n((?: {4}[^\n]*\n?)+)/.exec(group)?.[1] ?? [])
      .at(-1) ?? ''
  const yaml = block.replace(/^ {4}/gm, '')
  if (yaml === '') throw new Error(`no YAML to type for ${rule} in: ${text}`)
  return json(parse(yaml))
}
