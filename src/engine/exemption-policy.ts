import type { Reason } from '../sdk/policy.ts'
import type { InvalidReason } from './exemptions.ts'

const why =
  'An exemption that nobody can justify, or that never ends, hides an outage until it happens; so it does not count.'

const ignored: Reason = { baseline: 'warn', strict: 'deny', why }

/** The reasons of the engine's own rule `exemption-invalid`: exemptions by annotation that do not count. */
export const exemptionReasons: { readonly [R in InvalidReason]: Reason } = {
  'no-reason': ignored,
  'no-until': ignored,
  'bad-date': ignored,
  expired: ignored,
  'too-long': ignored,
  'not-exemptable': ignored,
  'unknown-rule': ignored,
  disabled: { baseline: 'audit', why },
}
