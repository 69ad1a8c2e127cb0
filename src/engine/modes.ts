import { unknown, type Inventory } from '../sdk/inventory.ts'
import { memberOf } from '../sdk/shape.ts'
import { matchesAny } from './glob.ts'
import type { Mode, ModeOverride, Settings } from './settings.ts'
import type { Subject } from './subject.ts'

/** The mode that holds for a subject: the first entry for its namespace, else the mode of the whole. */
export function modeOf(settings: Settings, subject: Subject, inventory: Inventory): Mode {
  if (subject.namespace === '') return settings.mode
  return settings.modes.find((entry) => holds(entry, subject, inventory))?.mode ?? settings.mode
}

function holds({ mode, namespaces, namespaceLabels }: ModeOverride, subject: Subject, inventory: Inventory): boolean {
  if (namespaces && !matchesAny(namespaces, subject.namespace)) return false
  if (!namespaceLabels) return true
  const namespace = inventory.get('Namespace', '', subject.namespace)
  // Not knowing the labels must not deny what a matching entry would let pass, nor enforce where nobody asked for it.
  if (namespace === unknown) return mode !== 'enforce'
  const labels = namespace?.metadata?.labels
  return Object.entries(namespaceLabels).every(([key, value]) => memberOf(labels, key) === value)
}
