import { unknown, type Unknown } from '../inventory.ts'
import type { KindName } from '../objects.ts'
import { isVariable } from '../variables.ts'

/** What stands between the packets of a pod and the wire, and how many bytes it adds to each. */
export interface Overlay {
  /** `VXLAN`, or several at once: `WireGuard over VXLAN`. */
  readonly name: string
  readonly overhead: number
}

/** One number that somebody gave to a CNI as MTU, and what that CNI takes it for. */
export interface MtuSetting {
  readonly cni: string
  /** As its author wrote it: `veth_mtu`. */
  readonly key: string
  /** JSON pointer of the value. */
  readonly path: string
  readonly mtu: number | Unknown
  /**
   * `pod` and `tunnel`: packets of this size get the overlay's headers on top. `device`: the size of the link below; the
   * CNI takes the headers off by itself.
   */
  readonly meaning: 'pod' | 'tunnel' | 'device'
  /** Undefined where packets travel as they are, as far as is known. */
  readonly overlay?: Overlay
  /** Kinds that may hold an overlay, and are not known. */
  readonly unsure?: readonly KindName[]
  /** The CNI finds the number by itself where nobody gives one. */
  readonly automatic?: true
  readonly ipv6?: true
  /** Nobody gave the number: it is what the CNI does without one. */
  readonly implied?: true
}

/** Bytes that the usual headers add (felix/dataplane/linux/int_dataplane.go; a VXLAN header brings an Ethernet one along). */
export const overlays = {
  vxlan: { name: 'VXLAN', overhead: 50 },
  vxlanV6: { name: 'IPv6 VXLAN', overhead: 70 },
  geneve: { name: 'Geneve', overhead: 50 },
  ipip: { name: 'IPIP', overhead: 20 },
  wireguard: { name: 'WireGuard', overhead: 60 },
  wireguardV6: { name: 'IPv6 WireGuard', overhead: 80 },
} as const

/** One overlay inside another: a packet gets the headers of both. */
export function stacked(inner: Overlay | undefined, outer: Overlay | undefined): Overlay | undefined {
  if (!inner || !outer) return inner ?? outer
  return { name: `${outer.name} over ${inner.name}`, overhead: inner.overhead + outer.overhead }
}

/** The one that costs most: a packet takes one way or another. */
export function dearest(found: readonly Overlay[]): Overlay | undefined {
  return found.reduce<Overlay | undefined>(
    (most, each) => (most && most.overhead >= each.overhead ? most : each),
    undefined,
  )
}

/**
 * A number of bytes, written as a number or as digits; undefined where there is none, or 0, by which every CNI means
 * that it shall find out itself. Unknown for a `${VARIABLE}`.
 */
export function mtuOf(value: unknown): number | Unknown | undefined {
  if (isVariable(value)) return unknown
  const number = typeof value === 'string' && digits.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isInteger(number) && number > 0 && number <= largest ? number : undefined
}

const digits = /^[0-9]{1,5}$/
// No packet is longer.
const largest = 65_535
