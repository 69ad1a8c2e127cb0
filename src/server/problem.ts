/** What is answered where no AdmissionReview can be: one status, one stable code, one sentence. */
export interface Problem {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly retryAfterSeconds?: number
}

/** A Problem on its way to the error handler. */
export class RequestProblem extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.message)
    this.problem = problem
  }
}

export const problems = {
  notJson: { status: 400, code: 'D2_BODY_NOT_JSON', message: 'the body is no JSON' },
  empty: { status: 400, code: 'D2_BODY_EMPTY', message: 'the request has no body' },
  tooDeep: { status: 400, code: 'D2_BODY_TOO_DEEP', message: 'the body is nested deeper than 1,000 levels' },
  badRequest: { status: 400, code: 'D2_REQUEST', message: 'the request is no valid HTTP' },
  notFound: { status: 404, code: 'D2_NOT_FOUND', message: 'nothing is served under this path' },
  method: { status: 405, code: 'D2_METHOD', message: 'only POST is served under this path' },
  timeout: { status: 408, code: 'D2_TIMEOUT', message: 'the request did not arrive in time' },
  tooLarge: { status: 413, code: 'D2_BODY_TOO_LARGE', message: 'the body is larger than 8 MiB' },
  mediaType: { status: 415, code: 'D2_MEDIA_TYPE', message: 'the body must be uncompressed application/json' },
  headers: { status: 431, code: 'D2_HEADERS', message: 'the request header is too large' },
  busy: {
    status: 503,
    code: 'D2_BUSY',
    message: 'too many requests have begun and not ended; this one began first',
    retryAfterSeconds: 1,
  },
  fault: { status: 500, code: 'D2_FAULT', message: 'internal fault' },
} as const satisfies { readonly [name: string]: Problem }

/**
 * The body of a problem, in the shape of a Kubernetes Status: the API server then shows the sentence to whoever made
 * the request, instead of "the server rejected our request for an unknown reason".
 */
export function problemBody({ status, code, message }: Problem): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Status',
    metadata: {},
    status: 'Failure',
    reason: code,
    message: `day2-admission: ${message} (${code})`,
    code: status,
  })
}

/** The problem behind an error of fastify or Node; a fault of ours if it is none that a request can cause. */
export function problemOf(error: unknown): Problem {
  if (error instanceof RequestProblem) return error.problem
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return byErrorCode.get(code) ?? problems.fault
}

const byErrorCode: ReadonlyMap<string, Problem> = new Map<string, Problem>([
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', problems.mediaType],
  ['FST_ERR_CTP_INVALID_TYPE', problems.mediaType],
  ['FST_ERR_CTP_BODY_TOO_LARGE', problems.tooLarge],
  ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', problems.badRequest],
  ['FST_ERR_BAD_URL', problems.notFound],
  ['ERR_HTTP_REQUEST_TIMEOUT', problems.timeout],
  ['HPE_HEADER_OVERFLOW', problems.headers],
  ['ECONNRESET', problems.badRequest],
])
