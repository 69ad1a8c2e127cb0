import type { Progress } from '../audit/collect.ts'

/** The terminal that progress goes to, as far as it is needed. */
export interface Terminal {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export interface ProgressLine {
  readonly show: (progress: Progress) => void
  /** Takes the line away. */
  readonly end: () => void
}

/** One line that is written over and over, on a terminal only: a log file wants no such thing. */
export function showProgress(terminal: Terminal): ProgressLine {
  if (!terminal.isTTY) return { show: () => {}, end: () => {} }
  let shown = false
  return {
    show({ resource, listed, remaining }) {
      const total = remaining === undefined ? '' : ` of ${String(listed + remaining)}`
      // A line that wraps could not be written over. Some terminals say that they have 0 columns.
      const line = `reading ${resource}: ${String(listed)}${total}`.slice(0, (terminal.columns || 80) - 1)
      terminal.write(`\r\u001b[2K${line}`)
      shown = true
    },
    end() {
      if (shown) terminal.write('\r\u001b[2K')
      shown = false
    },
  }
}
