import { unknown, type Unknown } from './inventory.ts'
import { lastAsked } from './last-asked.ts'
import type { Kinds } from './objects.ts'
import { oncePerList } from './once-per-list.ts'
import type { Params } from './params.ts'
import { listOf, memberOf, recordOf, stringOf } from './shape.ts'
import { isVariable } from './variables.ts'

/** From where the volumes of a class can be reached. `zone-redundant`: from every zone of the region. */
export type Reach = 'zonal' | 'node-local' | 'zone-redundant' | 'global' | 'unknown'

const names = { type: 'array', items: { type: 'string' }, default: [] } as const

/** The parameters by which settings tell of provisioners that are not listed here, or mean another reach than here. */
export const provisionerParams = {
  zonalProvisioners: {
    ...names,
    description: 'Further provisioners whose volumes are reachable from the nodes of one zone only. * may lead a name.',
  },
  nodeLocalProvisioners: {
    ...names,
    description: 'Further provisioners whose volumes are reachable from one node only. * may lead a name.',
  },
  globalProvisioners: {
    ...names,
    description: 'Further provisioners whose volumes are reachable from every node. * may lead a name.',
  },
  topologyAwareProvisioners: {
    ...names,
    description:
      'Further provisioners whose volumes are zonal where the class has allowedTopologies or nodes carry the zone key of vSphere. * may lead a name.',
  },
} as const

export type ProvisionerParams = Params<typeof provisionerParams>

/**
 * How far the volumes of a class reach, by its provisioner and the parameters that change it. Undefined without a
 * provisioner, unknown where a `${VARIABLE}` decides. A topology-aware driver counts as global while Nodes are unknown
 * and the class does not say otherwise.
 */
export function reachOf(
  storageClass: Kinds['StorageClass'],
  params: ProvisionerParams,
  nodes: readonly Kinds['Node'][] | Unknown,
): Reach | Unknown | undefined {
  const provisioner = stringOf(storageClass.provisioner)?.toLowerCase()
  if (!provisioner) return undefined
  if (isVariable(provisioner)) return unknown
  const listed = listedAs(provisioner, params)
  if (listed === 'topology-aware') return isTopologyAware(storageClass, nodes) ? 'zonal' : 'global'
  const modifier = modifiers.find(({ of }) => of.some((name) => matches(name, provisioner)))
  const modified = modifier?.test(storageClass) ?? false
  if (modifier && (modified === unknown || isVariable(storageClass.parameters))) return unknown
  return modifier && modified ? modifier.reach : listed
}

type Listed = 'zonal' | 'node-local' | 'global' | 'topology-aware' | 'unknown'

// Settings come first, so that they may also contradict the lists below. Most clusters have one provisioner or two.
const listedAs = lastAsked((provisioner: string, params: ProvisionerParams): Listed => {
  const lists: readonly (readonly [Listed, readonly string[]])[] = [
    ['zonal', params.zonalProvisioners],
    ['node-local', params.nodeLocalProvisioners],
    ['global', params.globalProvisioners],
    ['topology-aware', params.topologyAwareProvisioners],
    ...known,
  ]
  return lists.find(([, list]) => list.some((name) => matches(name.toLowerCase(), provisioner)))?.[0] ?? 'unknown'
})

function matches(pattern: string, provisioner: string): boolean {
  return pattern.startsWith('*') ? provisioner.endsWith(pattern.slice(1)) : provisioner === pattern
}

const known: readonly (readonly [Listed, readonly string[]])[] = [
  [
    'zonal',
    [
      'blockvolume.csi.oraclecloud.com',
      'cinder.csi.openstack.org',
      'csi.exoscale.com',
      'csi.hetzner.cloud',
      'csi.scaleway.com',
      'disk-csi-driver.mks.ycloud.io',
      'disk.csi.azure.com',
      'diskplugin.csi.alibabacloud.com',
      'ebs.csi.aws.com',
      'ebs.csi.eks.amazonaws.com',
      'kubernetes.io/aws-ebs',
      'kubernetes.io/azure-disk',
      'kubernetes.io/cinder',
      'kubernetes.io/gce-pd',
      'pd.csi.storage.gke.io',
      'vpc.block.csi.ibm.io',
    ],
  ],
  [
    'node-local',
    [
      'hostpath.csi.k8s.io',
      'kubernetes.io/no-provisioner',
      'local.csi.azure.com',
      'local.csi.openebs.io',
      'localdisk.csi.acstor.io',
      'openebs.io/local',
      'rancher.io/local-path',
      'topolvm.cybozu.com',
      'topolvm.io',
    ],
  ],
  [
    'global',
    [
      '*.cephfs.csi.ceph.com',
      '*.rbd.csi.ceph.com',
      '*/nfs-subdir-external-provisioner',
      'blob.csi.azure.com',
      'cephfs.csi.ceph.com',
      'csi.trident.netapp.io',
      'dobs.csi.digitalocean.com',
      'driver.longhorn.io',
      'efs.csi.aws.com',
      'file.csi.azure.com',
      'filestore.csi.storage.gke.io',
      // What most guides to the NFS client provisioner call theirs.
      'fuseim.pri/ifs',
      'fsx.csi.aws.com',
      'gcsfuse.csi.storage.gke.io',
      'kubernetes.io/azure-file',
      'kubernetes.io/portworx-volume',
      'linodebs.csi.linode.com',
      'nfs.csi.k8s.io',
      'pxd.portworx.com',
      'rbd.csi.ceph.com',
      's3.csi.aws.com',
      'smb.csi.k8s.io',
    ],
  ],
  ['topology-aware', ['csi.vsphere.vmware.com', 'kubernetes.io/vsphere-volume']],
]

interface Modifier {
  readonly of: readonly string[]
  readonly test: (storageClass: Kinds['StorageClass']) => boolean | Unknown
  readonly reach: Reach
}

// A regional disk of Google stays zonal: it lives in two zones, which are chosen all the same.
const modifiers: readonly Modifier[] = [
  {
    of: ['disk.csi.azure.com', 'kubernetes.io/azure-disk'],
    test: ({ parameters }) => {
      // Azure reads the keys of parameters in any case.
      const entries = Object.entries(recordOf(parameters) ?? {}).filter(([key]) => skuKeys.has(key.toLowerCase()))
      if (entries.some(([, value]) => /_zrs$/i.test(stringOf(value) ?? ''))) return true
      return entries.some(([, value]) => isVariable(value)) ? unknown : false
    },
    reach: 'zone-redundant',
  },
  {
    of: ['driver.longhorn.io'],
    test: ({ parameters }) => {
      const locality = memberOf(parameters, 'dataLocality')
      return isVariable(locality) ? unknown : locality === 'strict-local'
    },
    reach: 'node-local',
  },
  {
    of: ['rbd.csi.ceph.com', '*.rbd.csi.ceph.com'],
    test: ({ parameters }) => {
      const pools = (stringOf(memberOf(parameters, 'topologyConstrainedPools')) ?? '').trim()
      return isWhollyVariable(pools) ? unknown : pools !== ''
    },
    reach: 'zonal',
  },
]

// Of a variable with text around it, it is known that it is not empty.
function isWhollyVariable(text: string): boolean {
  return isVariable(text) && text.startsWith('${') && text.indexOf('}') === text.length - 1
}

const skuKeys: ReadonlySet<string> = new Set(['skuname', 'storageaccounttype'])
const vsphereKeys = ['topology.csi.vmware.com/zone', 'failure-domain.beta.kubernetes.io/zone'] as const

function isTopologyAware(storageClass: Kinds['StorageClass'], nodes: readonly Kinds['Node'][] | Unknown): boolean {
  if (listOf(storageClass.allowedTopologies).length > 0) return true
  return nodes !== unknown && haveVsphereZone(nodes)
}

const haveVsphereZone = oncePerList((nodes: readonly Kinds['Node'][]) =>
  nodes.some(({ metadata }) => vsphereKeys.some((key) => memberOf(metadata?.labels, key) !== undefined)),
)
