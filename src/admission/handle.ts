import type { Engine } from '../engine/engine.ts'
import { evaluate } from '../engine/evaluate.ts'
import type { Evaluation } from '../engine/finding.ts'
import type { Subject } from '../engine/subject.ts'
import { verdictOf } from '../engine/verdict.ts'
import type { InventorySource } from '../sdk/inventory.ts'
import { factsOf, type RequestFacts } from './request.ts'
import { allow, refuse, respond, type ReviewResponse } from './response.ts'
import { readReview, type PassReason } from './review.ts'
import { traceOf, type Trace } from './trace.ts'

export interface ReviewContext {
  readonly inventory: InventorySource
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly traceparent?: string | undefined
  /** Makes a trace id where neither header nor uid gives one. */
  readonly generateTraceId: () => string
  /** True once the caller's deadline is near: what is not judged by then counts as a policy error. */
  readonly outOfTime?: () => boolean
}

/** What became of a review, as the log and the metrics tell it. */
export type Outcome = 'allowed' | 'warned' | 'denied' | PassReason | 'failed'

export interface Handled {
  readonly as: 'answer'
  readonly trace: Trace
  readonly body: ReviewResponse
  readonly request: RequestFacts
  readonly outcome: Outcome
  /** What was judged and let in, and will be stored if nobody else refuses it. Never to be logged. */
  readonly admitted?: Subject
  /** Absent where nothing was judged. */
  readonly evaluation?: Evaluation
  /** Class of an error of our own, where the outcome is `failed`. */
  readonly fault?: string
}

/** A body that no answer can be addressed to: HTTP 400. */
export interface Refused {
  readonly as: 'refusal'
  readonly trace: Trace
  readonly code: string
  readonly message: string
}

/** Answers an AdmissionReview. Never throws: a fault of our own lets the request pass with a warning, and is told. */
export function handleReview(engine: Engine, body: unknown, context: ReviewContext): Handled | Refused {
  const reading = readReview(body, context.inventory)
  if (reading.as === 'invalid') {
    const trace = traceOf(context.traceparent, undefined, context.generateTraceId)
    return { as: 'refusal', trace, code: reading.code, message: reading.message }
  }
  const request = factsOf(reading.request)
  const trace = traceOf(context.traceparent, request.uid, context.generateTraceId)
  if (reading.as === 'pass') return { as: 'answer', trace, request, body: allow(request.uid), outcome: reading.why }
  try {
    const { subject } = reading
    const { inventory, now, outOfTime } = context
    const evaluation = evaluate(engine, subject, {
      inventory,
      now,
      frontEnd: 'webhook',
      ...(outOfTime ? { outOfTime } : {}),
    })
    const verdict = verdictOf(evaluation, engine.settings)
    const outcome = !verdict.allowed ? 'denied' : verdict.warnings.length > 0 ? 'warned' : 'allowed'
    return {
      as: 'answer',
      trace,
      request,
      evaluation,
      outcome,
      ...(verdict.allowed && !request.dryRun ? { admitted: subject } : {}),
      body: respond(request.uid, subject, evaluation, verdict, trace.id),
    }
  } catch (error) {
    // Only the class: the text of an error may quote the object.
    const fault = error instanceof Error ? error.name : typeof error
    const what = 'day2-admission could not judge this object by a fault of its own'
    const body =
      engine.settings.onPolicyError === 'deny'
        ? refuse(request, `${what}, and the settings say to refuse it then (trace ${trace.id})`)
        : allow(request.uid, [`${what} (trace ${trace.id})`])
    return { as: 'answer', trace, request, body, outcome: 'failed', fault }
  }
}
