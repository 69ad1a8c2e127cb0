import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Cluster } from '../../control-plane/cluster.ts'

/** A way to the API server that can go silent, as a network does that loses packets: nothing is closed, nothing comes. */
export interface HoldingProxy {
  /** A kubeconfig that leads through the proxy. */
  readonly kubeconfig: string
  hold(): void
  /** Lets bytes through again. What was open is closed: whoever lost the state of a connection knows it no more. */
  release(): void
}

export async function openHoldingProxy(
  t: { testdir(): string; teardown(fn: () => unknown): unknown },
  cluster: Cluster,
): Promise<HoldingProxy> {
  const { hostname, port } = new URL(cluster.server)
  const sockets = new Set<Socket>()
  let held = false
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.pipe(other)
      // An end without order is the other side's end too.
      one.once('error', () => other.destroy())
      one.once('close', () => {
        sockets.delete(one)
        other.destroy()
      })
      if (held) silence(one)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  // A TCP server has an address of this shape.
  const own = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const kubeconfig = join(t.testdir(), 'kubeconfig')
  writeFileSync(kubeconfig, readFileSync(cluster.kubeconfig, 'utf8').replaceAll(cluster.server, own))
  return {
    kubeconfig,
    hold() {
      held = true
      for (const socket of sockets) silence(socket)
    },
    release() {
      held = false
      for (const socket of sockets) socket.destroy()
    },
  }
}

function silence(socket: Socket): void {
  socket.unpipe()
  socket.pause()
}
