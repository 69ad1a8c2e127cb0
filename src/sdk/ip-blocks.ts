/** An address, or a block of addresses that share the first `bits` of one. An IPv4 address mapped into IPv6 is IPv4. */
export interface IpBlock {
  readonly version: 4 | 6
  readonly value: bigint
  readonly bits: number
}

/** Reads `10.0.0.0/8`, `fd00::/8`, or an address as the block of itself. Undefined for what is none. */
export function parseIpBlock(text: string): IpBlock | undefined {
  const slash = text.indexOf('/')
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash))
  if (!address) return undefined
  const size = sizes[address.version]
  if (slash < 0) return unmapped({ ...address, bits: size })
  const length = text.slice(slash + 1)
  if (!/^\d{1,3}$/.test(length)) return undefined
  const bits = Number(length)
  return bits > size ? undefined : unmapped({ ...address, bits })
}

/** True if every address of `inner` lies in `outer`. Bits beyond the length of a block do not count. */
export function containsBlock(outer: IpBlock, inner: IpBlock): boolean {
  if (outer.version !== inner.version || outer.bits > inner.bits) return false
  const rest = BigInt(sizes[outer.version] - outer.bits)
  return outer.value >> rest === inner.value >> rest
}

const sizes = { 4: 32, 6: 128 } as const

function parseAddress(text: string): Pick<IpBlock, 'version' | 'value'> | undefined {
  if (text.includes(':')) {
    const value = parseIpv6(text)
    return value === undefined ? undefined : { version: 6, value }
  }
  const value = parseIpv4(text)
  return value === undefined ? undefined : { version: 4, value }
}

// Leading zeros are decimal for the API server, which reads addresses as Go once did (k8s.io/utils/net ParseIPSloppy).
function parseIpv4(text: string): bigint | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let value = 0n
  for (const part of parts) {
    if (!/^\d{1,8}$/.test(part) || Number(part) > 255) return undefined
    value = (value << 8n) | BigInt(Number(part))
  }
  return value
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const groups = halves.map(groupsOf)
  const [head, tail] = groups
  if (!head || (halves.length === 2 && !tail)) return undefined
  const missing = 8 - head.length - (tail?.length ?? 0)
  if (tail ? missing < 1 : missing !== 0) return undefined
  const all = tail ? [...head, ...Array.from({ length: missing }, () => 0), ...tail] : head
  return all.reduce((value, group) => (value << 16n) | BigInt(group), 0n)
}

/** The groups of 16 bits of one side of `::`; the last two may be written as an IPv4 address. */
function groupsOf(text: string): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (part.includes('.') && index === parts.length - 1) {
      const value = parseIpv4(part)
      if (value === undefined) return undefined
      groups.push(Number(value >> 16n), Number(value & 0xffffn))
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(parseInt(part, 16))
    else return undefined
  }
  return groups.length > 8 ? undefined : groups
}

function unmapped(block: IpBlock): IpBlock {
  const isMapped = block.version === 6 && block.bits >= 96 && block.value >> 32n === 0xffffn
  return isMapped ? { version: 4, value: block.value & 0xffff_ffffn, bits: block.bits - 96 } : block
}
