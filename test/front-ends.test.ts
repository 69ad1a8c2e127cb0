import t from 'tap'
import { engineOf } from '../docs/examples.ts'
import { policies } from '../policies/index.ts'
import { fieldPath } from '../src/engine/field-path.ts'
import type { Finding } from '../src/engine/finding.ts'
import {
  asFile,
  count,
  exclusionOf,
  inOrder,
  isApi,
  keyOf,
  mayDiffer,
  saidAlso,
  situationsOf,
  startJudging,
} from './support/ways.ts'

// The third way, through a real API server, is test/e2e/three-ways.e2e.ts.
for (const profile of ['baseline', 'strict'] as const) {
  t.test(`a file and a review of the same object get the same findings, ${profile}`, async (t) => {
    const judge = await startJudging(t)
    const folder = t.testdir()
    const left = new Map<string, number>()
    let compared = 0
    let findings = 0
    let lowered = 0
    for (const situation of situationsOf(policies)) {
      const { policy, example } = situation
      const excluded = exclusionOf(situation, 'file')
      if (excluded) {
        count(left, excluded)
        continue
      }
      const engine = engineOf(policies, policy, example, profile)
      const inFile = await asFile(engine, situation, folder)
      const { findings: reviewed, answer } = await judge(engine, situation)
      const name = `${policy.id}: ${example.name}`
      // The API server refuses these before it asks any webhook.
      const met = inFile.filter((finding) => !isApi(finding, policies))
      for (const { rule } of inFile.filter((finding) => isApi(finding, policies)))
        count(left, `a finding of ${rule} that the API server makes itself`)
      t.strictSame(inOrder(met), inOrder(saidAlso('file', reviewed)), name)
      for (const finding of met) {
        const other = reviewed.find((each) => keyOf(each) === keyOf(finding))
        if (other?.severity === finding.severity) continue
        lowered++
        t.ok(
          mayDiffer(situation, finding, policies),
          `${name}: ${finding.rule} ${finding.severity}, not ${other?.severity}`,
        )
      }
      t.strictSame(annotated(answer.json), reviewed.map(annotatedAs), `${name}: and the API server is told them all`)
      compared++
      findings += met.length
    }
    t.comment(`${compared} examples, ${findings} findings alike, ${lowered} of them of another severity`)
    for (const [reason, times] of left) t.comment(`${times} left out: ${reason}`)
  })
}

function annotatedAs({ rule, reason, severity, path, capped }: Finding): object {
  return { rule, reason, severity, field: fieldPath(path), ...(capped ? { from: capped.from, by: capped.by } : {}) }
}

/** The findings in the audit annotation of an answer, in the same order. */
function annotated(answer: unknown): unknown[] {
  const { response } = answer as { response: { auditAnnotations: { findings?: string } } }
  return JSON.parse(response.auditAnnotations.findings ?? '[]') as unknown[]
}
