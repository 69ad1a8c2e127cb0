/** Under which id the log lines of one request are found. */
export interface Trace {
  /** 32 lower-case hex digits, never all zero. */
  readonly id: string
  readonly source: 'traceparent' | 'uid' | 'generated'
  readonly spanId?: string
}

/**
 * The trace of a request: from W3C `traceparent`, which the API server sends where tracing is configured; else from the
 * uid, which without its dashes is a valid trace id; else what `generate` makes.
 */
export function traceOf(traceparent: string | undefined, uid: string | undefined, generate: () => string): Trace {
  const parent = traceparent === undefined ? null : parentPattern.exec(traceparent)
  // Versions above 00 may append fields; ff is forbidden.
  if (parent?.groups && (parent.groups['version'] !== '00' || parent.groups['rest'] === '')) {
    const { id = '', span = '' } = parent.groups
    if (!zeros.test(id) && !zeros.test(span)) return { id, source: 'traceparent', spanId: span }
  }
  const bare = uid?.replaceAll('-', '').toLowerCase() ?? ''
  if (/^[0-9a-f]{32}$/.test(bare) && !zeros.test(bare)) return { id: bare, source: 'uid' }
  return { id: generate(), source: 'generated' }
}

const parentPattern =
  /^(?!ff)(?<version>[0-9a-f]{2})-(?<id>[0-9a-f]{32})-(?<span>[0-9a-f]{16})-[0-9a-f]{2}(?<rest>$|-.*$)/
const zeros = /^0+$/
