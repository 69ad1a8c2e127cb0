import type { ContainerView, PodSpecView } from '../pod-specs.ts'
import { listOf, memberOf, recordOf } from '../shape.ts'
import { mayBeNested } from './decode.ts'
import { passes } from './gate.ts'
import { tellingName } from './telling-names.ts'

/**
 * False for a container that the detectors have nothing to say of, however long they look: no telling name over a value,
 * and no value long enough with anything in it that opens the gate. Most containers are; this costs them little.
 */
export function mayHoldCredentials({ container }: ContainerView): boolean {
  for (const entry of listOf(container.env)) {
    const value = memberOf(entry, 'value')
    if (typeof value !== 'string') continue
    const name = memberOf(entry, 'name')
    if ((typeof name === 'string' && tellingName(name)) || isSuspicious(value)) return true
  }
  return anySuspicious(container.command) || anySuspicious(container.args)
}

/** The same of the annotations that pods get. */
export function mayAnnotateCredentials({ metadata }: PodSpecView): boolean {
  const annotations = recordOf(metadata.annotations)
  if (!annotations) return false
  for (const key in annotations) {
    const value = memberOf(annotations, key)
    if (typeof value === 'string' && isSuspicious(value)) return true
  }
  return false
}

function anySuspicious(words: unknown): boolean {
  for (const word of listOf(words)) {
    if (typeof word !== 'string') continue
    if (isSuspicious(word)) return true
    if (!word.startsWith('-')) continue
    const equals = word.indexOf('=')
    const flag = word.slice(word.startsWith('--') ? 2 : 1, equals < 0 ? undefined : equals)
    if (tellingName(flag) || (equals >= 0 && isSuspicious(word.slice(equals + 1)))) return true
  }
  return false
}

function isSuspicious(value: string): boolean {
  return value.length >= shortest && (!passes(value) || mayBeNested(value))
}

// The id of an AWS key, the shortest of all tokens.
const shortest = 20
