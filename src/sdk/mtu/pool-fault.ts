import { brief, nameOf } from '../names.ts'
import type { Kinds } from '../objects.ts'
import type { Related } from '../policy.ts'
import { memberOf } from '../shape.ts'
import { encapsulates, poolOverlays } from './calico-encapsulation.ts'
import { mtuFault, type Underlay } from './fault.ts'
import { dearest, mtuOf } from './setting.ts'

interface PoolFault {
  readonly reason: 'exceeds-underlay' | 'exceeds-1500'
  readonly path: string
  readonly message: string
  readonly fix: string
  readonly related: readonly Related[]
}

/** What is wrong with a pool whose overlay leaves no room for pods as wide as an Installation makes them. */
export function poolFault(
  pool: Kinds['IPPool'],
  installation: Kinds['Installation'],
  underlay: Underlay,
): PoolFault | undefined {
  const mtu = mtuOf(memberOf(memberOf(installation.spec, 'calicoNetwork'), 'mtu'))
  const overlay = dearest(poolOverlays(pool))
  if (typeof mtu !== 'number' || !overlay) return undefined
  const path = '/spec/calicoNetwork/mtu'
  const fault = mtuFault({ cni: 'Calico', key: 'calicoNetwork.mtu', path, mtu, meaning: 'pod', overlay }, underlay)
  if (fault?.reason !== 'exceeds-underlay' && fault?.reason !== 'exceeds-1500') return undefined
  return {
    reason: fault.reason,
    path: encapsulates(memberOf(pool.spec, 'vxlanMode')) ? '/spec/vxlanMode' : '/spec/ipipMode',
    message: `Calico: pods of ${mtu} in ${overlay.name}; at most ${fault.limit} fits = ${fault.because}`,
    fix: `set calicoNetwork.mtu of Installation ${brief(nameOf(installation))} to ${fault.limit}, or leave it out`,
    related: [{ kind: 'Installation', namespace: '', name: nameOf(installation), path }],
  }
}
