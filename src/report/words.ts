import type { FilePlace } from './report.ts'

/** Text that comes from files, without control characters: a name must not move the cursor of a terminal. */
export function clean(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '\ufffd')
}

/** `3 files`, `1 file`. */
export function count(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? '' : 's'}`
}

/** What a rule lacks that could not decide: a kind, or a value of the object itself. */
export function needed(kind: string): string {
  return kind === 'value' ? 'a value that it can read, not a variable' : kind
}

/** `file:line:column`, as editors and terminals follow it. */
export function placeText({ file, line, column }: FilePlace): string {
  return `${clean(file)}:${String(line)}:${String(column)}`
}
