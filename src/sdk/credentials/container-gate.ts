import type { ContainerView, PodSpecView } from '../pod-specs.ts'
import { memberOf, recordOf } from '../shape.ts'
import { mayBeNested } from './decode.ts'
import { passes } from './gate.ts'
import { tellingName, tellingNameIn } from './telling-names.ts'

/**
 * False for a container that the detectors have nothing to say of, however long they look: no telling name over a value,
 * and no value long enough with anything in it that opens the gate. Most containers are; this costs them little.
 */
export function mayHoldCredentials({ container }: ContainerView): boolean {
  return anyVariableSuspicious(container.env) || anySuspicious(container.command) || anySuspicious(container.args)
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

function anyVariableSuspicious(env: unknown): boolean {
  if (!Array.isArray(env)) return false
  for (const entry of env as readonly unknown[]) {
    if (typeof entry !== 'object' || entry === null) continue
    // Read by name, not by a key as `memberOf` does: this is done for every variable of every pod.
    const { name, value } = entry as { readonly name?: unknown; readonly value?: unknown }
    if (typeof value === 'string' && ((typeof name === 'string' && tellingName(name)) || isSuspicious(value)))
      return true
  }
  return false
}

function anySuspicious(words: unknown): boolean {
  if (!Array.isArray(words)) return false
  for (const word of words as readonly unknown[]) {
    if (typeof word !== 'string') continue
    if (isSuspicious(word)) return true
    if (word.charCodeAt(0) !== dash) continue
    const equals = word.indexOf('=')
    const start = word.charCodeAt(1) === dash ? 2 : 1
    if (tellingNameIn(word, start, equals < 0 ? word.length : equals)) return true
    // What opens the gate would have opened it in the whole word.
    if (equals >= 0 && mayBeNested(word, equals + 1)) return true
  }
  return false
}

const dash = 0x2d

function isSuspicious(value: string): boolean {
  return value.length >= shortest && (mayBeNested(value) || !passes(value))
}

// The id of an AWS key, the shortest of all tokens.
const shortest = 20
