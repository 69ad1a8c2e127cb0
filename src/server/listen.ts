import type { FastifyInstance } from 'fastify'

/** A port or address that cannot be listened on. */
export class ListenError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** Listens and returns the port, which is another one than asked for where that was 0. @throws ListenError */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<number> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    throw explain(error, host, port)
  }
  const address = app.server.address()
  return typeof address === 'object' && address ? address.port : port
}

function explain(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  switch (code) {
    case 'EADDRINUSE':
      return new ListenError(
        'D2_PORT_IN_USE',
        `port ${port} is in use on ${host}; stop what listens there or choose another port`,
      )
    case 'EACCES':
      return new ListenError(
        'D2_PORT_FORBIDDEN',
        `port ${port} may not be listened on; ports below 1024 need privileges`,
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ListenError('D2_HOST', `${host} is no address of this machine`)
    default:
      return error
  }
}
