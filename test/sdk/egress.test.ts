import { BlockList } from 'node:net'
import fc from 'fast-check'
import t from 'tap'
import { admits, isolatesEgress, type Destination } from '../../src/sdk/egress.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import { containsBlock, parseIpBlock } from '../../src/sdk/ip-blocks.ts'

const octet = fc.integer({ min: 0, max: 255 })
const ipv4 = fc.tuple(octet, octet, octet, octet).map((parts) => parts.join('.'))
const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16))
const ipv6 = fc.oneof(
  fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => groups.join(':')),
  // Few groups around `::`, so that blocks and addresses meet.
  fc
    .tuple(fc.array(group, { maxLength: 3 }), fc.array(group, { maxLength: 3 }))
    .map(([head, tail]) => `${head.join(':')}::${tail.join(':')}`),
)
const near = fc.constantFrom('169.254.170.23', '169.254.169.254', '169.254.170.22', '10.0.0.1')
const address = fc.oneof(
  fc.record({ version: fc.constant(4 as const), text: fc.oneof(ipv4, near) }),
  fc.record({ version: fc.constant(6 as const), text: fc.oneof(ipv6, fc.constant('fd00:ec2::23')) }),
)
const block = address.chain(({ version, text }) =>
  fc.integer({ min: 0, max: version === 4 ? 32 : 128 }).map((bits) => ({ version, text, bits })),
)
type Block = { version: 4 | 6; text: string; bits: number }

/** What Node itself says, which shares no line with ours. */
function isInside({ version, text, bits }: Block, inner: { version: 4 | 6; text: string }): boolean {
  if (version !== inner.version) return false
  const family = version === 4 ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  list.addSubnet(text, bits, family)
  return list.check(inner.text, family)
}

t.test('blocks hold the addresses that they hold', async (t) => {
  fc.assert(
    fc.property(block, address, (outer, inner) => {
      const [a, b] = [parseIpBlock(`${outer.text}/${outer.bits}`), parseIpBlock(inner.text)]
      // Node takes an IPv4 address that is mapped into IPv6 for IPv6; nobody writes one in a NetworkPolicy.
      fc.pre(a?.version === outer.version && b?.version === inner.version)
      return a !== undefined && b !== undefined && containsBlock(a, b) === isInside(outer, inner)
    }),
    { numRuns: 3000 },
  )
  t.match(parseIpBlock('::ffff:10.0.0.0/104'), { version: 4, bits: 8 })
  for (const wrong of ['', '10.0.0', '10.0.0.256', '10.0.0.0/33', '::/129', '1::2::3', ':1', '1:2', 'g::', '10.0.0.0/'])
    t.equal(parseIpBlock(wrong), undefined, wrong)
})

const policyOf = (egress: unknown, policyTypes: unknown = ['Egress']) => ({ spec: { egress, policyTypes } }) as object
const port = fc.record(
  {
    protocol: fc.constantFrom('TCP', 'UDP'),
    port: fc.oneof(fc.constantFrom(80, 443, 53), fc.constant('dns')),
    endPort: fc.constantFrom(80, 443, 1024),
  },
  { requiredKeys: [] },
)
const peer = fc.oneof(
  fc.constant({ podSelector: {} }),
  fc.tuple(block, fc.array(block, { maxLength: 2 })).map(([outer, except]) => ({ outer, except })),
)
const rule = fc.record({ to: fc.array(peer, { maxLength: 2 }), ports: fc.array(port, { maxLength: 2 }) })
type Rule = typeof rule extends fc.Arbitrary<infer R> ? R : never

/** The specification read aloud, port by port. */
function oracle(rules: readonly Rule[], { to, protocol, port }: Destination): boolean {
  return rules.some(({ to: peers, ports }) => {
    const portFits =
      ports.length === 0 ||
      ports.some((each) => {
        if ((each.protocol ?? 'TCP') !== protocol) return false
        if (each.port === undefined) return true
        if (typeof each.port === 'string') return to === 'anyone'
        for (let open = each.port; open <= (each.endPort ?? each.port); open++) if (open === port) return true
        return false
      })
    const peerFits =
      peers.length === 0 ||
      peers.some((each) => {
        if (!('outer' in each)) return to === 'anyone'
        if (typeof to === 'string') return true
        const inner = { version: to.address.includes(':') ? (6 as const) : (4 as const), text: to.address }
        return isInside(each.outer, inner) && !each.except.some((hole) => isInside(hole, inner))
      })
    return portFits && peerFits
  })
}

t.test('rules admit what the specification says', async () => {
  const destination: fc.Arbitrary<Destination> = fc.record({
    to: fc.oneof(
      fc.constantFrom('outside' as const, 'anyone' as const),
      fc.constantFrom('169.254.170.23', 'fd00:ec2::23', '169.254.169.254').map((text) => ({ address: text })),
    ),
    protocol: fc.constantFrom('TCP' as const, 'UDP' as const),
    port: fc.constantFrom(80, 443, 53),
  })
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 3 }), destination, (rules, wanted) => {
      const egress = rules.map(({ to, ports }) => ({
        to: to.map((each) =>
          'outer' in each
            ? {
                ipBlock: {
                  cidr: `${each.outer.text}/${each.outer.bits}`,
                  except: each.except.map(({ text, bits }) => `${text}/${bits}`),
                },
              }
            : each,
        ),
        ports,
      }))
      return admits(policyOf(egress), wanted) === oracle(rules, wanted)
    }),
    { numRuns: 3000 },
  )
})

t.test('variables and odd shapes', async (t) => {
  const agent: Destination = { to: { address: '169.254.170.23' }, protocol: 'TCP', port: 80 }
  t.equal(admits(policyOf([{ to: [{ ipBlock: { cidr: '${AGENT}' } }] }]), agent), unknown)
  t.equal(admits(policyOf([{ ports: [{ port: '${PORT}' }] }]), agent), unknown)
  t.equal(admits(policyOf([{ to: [{ ipBlock: { cidr: '${AGENT}' } }] }, {}]), agent), true, 'another rule admits all')
  const open = { cidr: '0.0.0.0/0', except: ['${HOLE}'] }
  t.equal(admits(policyOf([{ to: [{ ipBlock: open }] }]), agent), unknown)
  for (const odd of [undefined, null, 'all', [null], [{ to: [null], ports: 'x' }]])
    t.equal(admits(policyOf(odd), agent), Array.isArray(odd) && odd[0] === null, JSON.stringify(odd))
  t.equal(isolatesEgress(policyOf([{}], null)), true, 'rules for egress imply it')
  t.equal(isolatesEgress(policyOf([], null)), false)
  t.equal(isolatesEgress(policyOf([{}], ['Ingress'])), false)
})
