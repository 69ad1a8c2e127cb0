import { nameOf } from '../names.ts'
import type { Kinds } from '../objects.ts'
import { containersOf, podSpecOf, type ContainerView } from '../pod-specs.ts'
import { variableOf } from './env.ts'
import { mtuOf, overlays, type MtuSetting } from './setting.ts'

/** The MTU of the CNIs that take it from the environment of their DaemonSet. */
export function daemonSetSettings(object: Kinds['DaemonSet']): MtuSetting[] {
  const read = readers.get(nameOf(object))
  const view = read && podSpecOf('DaemonSet', object)
  return read && view ? containersOf(view).flatMap((container) => read(container)) : []
}

const readers: ReadonlyMap<string, (container: ContainerView) => readonly MtuSetting[]> = new Map([
  ['aws-node', awsSettings],
  ['weave-net', weaveSettings],
])

// Pods get POD_MTU, or what the network interfaces get; without either that is 9001 (amazon-vpc-cni-k8s/README.md).
function awsSettings(view: ContainerView): readonly MtuSetting[] {
  if (view.class !== 'main' || view.name !== 'aws-node') return []
  const base = { cni: 'The VPC CNI', meaning: 'pod' } as const
  for (const key of ['POD_MTU', 'AWS_VPC_ENI_MTU']) {
    const variable = variableOf(view, key)
    if (!variable?.value) continue
    const mtu = mtuOf(variable.value)
    return mtu === undefined ? [] : [{ ...base, key, path: variable.path, mtu }]
  }
  return [{ ...base, key: 'AWS_VPC_ENI_MTU', path: `${view.path}/env`, mtu: 9001, implied: true }]
}

// The fast datapath is VXLAN; encryption, which its Secret turns on, costs more (weave/site/tasks/manage/fastdp.md).
function weaveSettings(view: ContainerView): readonly MtuSetting[] {
  const variable = variableOf(view, 'WEAVE_MTU')
  const mtu = mtuOf(variable?.value)
  if (!variable || mtu === undefined) return []
  return [{ cni: 'Weave', key: 'WEAVE_MTU', path: variable.path, mtu, meaning: 'pod', overlay: overlays.vxlan }]
}
