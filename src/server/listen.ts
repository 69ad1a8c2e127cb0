import type { FastifyInstance } from 'fastify'

/** A port or address that cannot be listened on. */
export class ListenError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/**
 * Listens, on every address where no host is given, and returns the port, which is another one than asked for where
 * that was 0. @throws ListenError
 */
export async function listen(app: FastifyInstance, host: string | undefined, port: number): Promise<number> {
  try {
    await app.listen({ host: host ?? '::', port })
  } catch (error) {
    // A machine without IPv6 has no `::`, which elsewhere stands for both.
    if (host === undefined && (codeOf(error) === 'EAFNOSUPPORT' || codeOf(error) === 'EADDRNOTAVAIL'))
      return listen(app, '0.0.0.0', port)
    throw explain(error, host ?? 'this machine', port)
  }
  const address = app.server.address()
  return typeof address === 'object' && address ? address.port : port
}

/** Listens on the port, or on any free one if that is in use. @throws ListenError */
export async function listenSomewhere(app: FastifyInstance, host: string | undefined, port: number): Promise<number> {
  try {
    return await listen(app, host, port)
  } catch (error) {
    if (error instanceof ListenError && error.code === 'D2_PORT_IN_USE') return listen(app, host, 0)
    throw error
  }
}

function explain(error: unknown, host: string, port: number): unknown {
  switch (codeOf(error)) {
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
    case 'EAFNOSUPPORT':
    case 'EINVAL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ListenError('D2_HOST', `${host} is no address of this machine`)
    default:
      return error
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
