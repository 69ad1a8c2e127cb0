import type { Evaluation, Finding } from './finding.ts'
import type { Settings } from './settings.ts'

/** What becomes of the subject. The findings are those of the evaluation, in its order. */
export interface Verdict {
  readonly allowed: boolean
  readonly denials: readonly Finding[]
  readonly warnings: readonly Finding[]
  readonly audits: readonly Finding[]
  /** Rules whose policies failed by a fault of their own, where the settings let that deny. */
  readonly failed: readonly string[]
}

export function verdictOf(evaluation: Evaluation, settings: Pick<Settings, 'onPolicyError'>): Verdict {
  const of = (severity: Finding['severity']) => evaluation.findings.filter((finding) => finding.severity === severity)
  const denials = of('deny')
  const failed = settings.onPolicyError === 'deny' ? evaluation.policyErrors.map((error) => error.rule) : []
  return {
    allowed: denials.length === 0 && failed.length === 0,
    denials,
    warnings: of('warn'),
    audits: of('audit'),
    failed,
  }
}
