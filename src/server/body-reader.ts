import type { Readable } from 'node:stream'
import type { Limits } from './app.ts'
import { problems, RequestProblem, type Problem } from './problem.ts'

type Done = (error: Error | null, body?: Buffer) => void

/** Reads one body; `declaredBytes` is NaN where the request does not tell. Ends with the body or a RequestProblem. */
export type ReadBody = (payload: Readable, declaredBytes: number, done: Done) => void

// What the list of its pieces costs besides: a body may come byte by byte.
const pieceBytes = 512

/**
 * Reads the bodies of one server within a budget for all together: whoever sends many bodies and ends none of them
 * would else fill the memory. Beyond the budget the body that began first gives way. The API server sends a body within
 * milliseconds, so that is one that somebody holds back, and a review that just arrives is answered all the same.
 */
export function createBodyReader({ bodyBytes, bodiesBytes }: Pick<Limits, 'bodyBytes' | 'bodiesBytes'>): ReadBody {
  // Oldest first.
  const open = new Map<Readable, { held: number; readonly giveWay: () => void }>()
  let allHeld = 0

  return function read(payload, declaredBytes, done) {
    if (declaredBytes > bodyBytes) {
      done(new RequestProblem(problems.tooLarge))
      return
    }
    const pieces: Buffer[] = []
    let received = 0
    const body = { held: 0, giveWay: () => refuse(problems.busy) }
    open.set(payload, body)
    payload.on('data', onData).once('end', onEnd).once('error', onError).once('close', onError)

    function onData(piece: Buffer): void {
      received += piece.length
      if (received > bodyBytes) return refuse(problems.tooLarge)
      pieces.push(piece)
      body.held += piece.length + pieceBytes
      allHeld += piece.length + pieceBytes
      for (const { giveWay } of open.values()) {
        if (allHeld <= bodiesBytes) return
        giveWay()
      }
    }
    function onEnd(): void {
      release()
      done(null, Buffer.concat(pieces, received))
    }
    function onError(): void {
      refuse(problems.badRequest)
    }
    function refuse(problem: Problem): void {
      release()
      pieces.length = 0
      done(new RequestProblem(problem))
    }
    function release(): void {
      payload.off('data', onData).off('end', onEnd).off('error', onError).off('close', onError)
      open.delete(payload)
      allHeld -= body.held
    }
  }
}
