import fc from 'fast-check'
import t from 'tap'
import { buildInventory, type Entry } from '../../src/inventory/files.ts'
import { bindingFault } from '../../src/sdk/binding-fault.ts'
import { claimRefsOf, claimsOf, classesOf, classPathOf } from '../../src/sdk/claims.ts'
import { unknown, type Inventory } from '../../src/sdk/inventory.ts'
import { unresolved } from '../../src/sdk/policy.ts'
import { reachOf, type ProvisionerParams } from '../../src/sdk/provisioners.ts'
import { allowedZones, defaultClasses } from '../../src/sdk/storage-classes.ts'
import { inOneZone, zoneOf } from '../../src/sdk/zones.ts'

const unchanged: ProvisionerParams = {
  zonalProvisioners: [],
  nodeLocalProvisioners: [],
  globalProvisioners: [],
  topologyAwareProvisioners: [],
}
const key = 'storageclass.kubernetes.io/is-default-class'
const node = (zone?: string, label = 'topology.kubernetes.io/zone') => ({
  metadata: { labels: zone === undefined ? {} : { [label]: zone } },
})

function classEntry(name: string, metadata: object = {}): Entry {
  const object = { kind: 'StorageClass', metadata: { name, ...metadata }, provisioner: 'ebs.csi.aws.com' }
  return { kind: 'StorageClass', namespace: '', name, object }
}

const inventoryOf = (entries: readonly Entry[], complete = true): Inventory => buildInventory(entries, { complete })
const names = (found: readonly { readonly metadata?: { readonly name?: string | null } | null }[]) =>
  found.map(({ metadata }) => metadata?.name)

t.test('the newest default wins, then the first by name', async (t) => {
  const time = fc.integer({ min: 0, max: 2 }).map((day) => `2025-01-0${day + 1}T00:00:00Z`)
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), time, fc.boolean()), { selector: ([name]) => name }),
      (rows) => {
        const entries = rows.map(([name, creationTimestamp, isDefault]) =>
          classEntry(name, { creationTimestamp, annotations: { [key]: `${isDefault}` } }),
        )
        const [winner] = rows
          .filter(([, , isDefault]) => isDefault)
          .map(([name, created]) => ({ name, created }))
          .sort((a, b) => b.created.localeCompare(a.created) || a.name.localeCompare(b.name))
        const found = names(defaultClasses(inventoryOf(entries)).found)
        return found.length === (winner ? 1 : 0) && found[0] === winner?.name
      },
    ),
  )
  const undated = inventoryOf([
    classEntry('a', { annotations: { [key]: 'true' } }),
    classEntry('b', { annotations: { [key]: 'true' } }),
  ])
  t.strictSame(names(defaultClasses(undated).found), ['a', 'b'], 'files do not say which is newest: it may be any')
  const dated = { annotations: { [key]: 'true' }, creationTimestamp: '2025-01-01T00:00:00Z' }
  const mixed = inventoryOf([classEntry('a', dated), classEntry('b', { annotations: { [key]: 'true' } })])
  t.strictSame(names(defaultClasses(mixed).found), ['a', 'b'], 'one of a file beside one of the cluster')
  t.strictSame(defaultClasses(inventoryOf([], false)).unsure, ['StorageClass'], 'the default may be elsewhere')
  t.strictSame(defaultClasses(inventoryOf([])), { found: [], unsure: [] })
  const nearly = [{ [key]: 'True' }, { [key]: '1' }, { 'storageclass.beta.kubernetes.io/is-default-class': 'true' }]
  const marked = nearly.map((annotations, i) => classEntry(`c${i}`, { annotations }))
  t.strictSame(names(defaultClasses(inventoryOf(marked)).found), ['c2'])
  const variants = [classEntry('a', { annotations: { [key]: 'true' } }), classEntry('a')]
  t.strictSame(defaultClasses(inventoryOf(variants)).unsure, ['StorageClass'])
})

t.test('the class of a claim', async (t) => {
  const known = inventoryOf([classEntry('gp2'), classEntry('gp3', { annotations: { [key]: 'true' } })])
  const old = 'volume.beta.kubernetes.io/storage-class'
  const claim = (spec: object, annotations?: object) => ({ metadata: { annotations: { ...annotations } }, spec })
  t.strictSame(names(classesOf(claim({ storageClassName: 'gp2' }), known).found), ['gp2'])
  t.strictSame(names(classesOf(claim({}), known).found), ['gp3'], 'the default')
  t.strictSame(names(classesOf(claim({ storageClassName: null }), known).found), ['gp3'])
  t.strictSame(classesOf(claim({ storageClassName: '' }), known), { found: [], unsure: [] })
  t.strictSame(
    names(classesOf(claim({ storageClassName: 'gp3' }, { [old]: 'gp2' }), known).found),
    ['gp2'],
    'the annotation goes first',
  )
  t.strictSame(classesOf(claim({ storageClassName: 'gp3' }, { [old]: '' }), known), { found: [], unsure: [] })
  t.strictSame(classesOf(claim({ storageClassName: 'nobody' }), known), { found: [], unsure: [] })
  t.strictSame(classesOf(claim({ storageClassName: 'nobody' }), inventoryOf([], false)).unsure, ['StorageClass'])
  t.strictSame(classesOf(claim({ storageClassName: '${CLASS}' }), known).unsure, ['StorageClass'])
  t.strictSame(classesOf(claim({ storageClassName: 1 }), known).unsure, ['StorageClass'])
  t.strictSame(
    classesOf(claim({ storageClassName: 'gp2' }), inventoryOf([classEntry('gp2'), classEntry('gp2')])).unsure,
    ['StorageClass'],
  )
  t.equal(classPathOf(claim({})), '/spec/storageClassName')
  t.equal(classPathOf(claim({}, { [old]: 'gp2' })), '/metadata/annotations/volume.beta.kubernetes.io~1storage-class')
})

t.test('the claims of an object', async (t) => {
  const ephemeral = { name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: {} } } }
  const mount = { name: 'data', persistentVolumeClaim: { claimName: 'data' } }
  const set = {
    spec: {
      volumeClaimTemplates: [null, { metadata: { name: 'db' }, spec: {} }],
      template: { spec: { volumes: [mount, ephemeral, { ...mount, name: 'again' }, { emptyDir: {} }] } },
    },
  }
  t.strictSame(
    claimsOf('StatefulSet', set).map(({ path, name }) => `${name} ${path}`),
    ['db /spec/volumeClaimTemplates/1', 'scratch /spec/template/spec/volumes/1/ephemeral/volumeClaimTemplate'],
  )
  t.strictSame(claimRefsOf('StatefulSet', set), [
    { name: 'data', path: '/spec/template/spec/volumes/0/persistentVolumeClaim/claimName' },
  ])
  t.strictSame(claimsOf('Deployment', { spec: { volumeClaimTemplates: [{}], template: null } }), [])
})

t.test('how far volumes reach', async (t) => {
  const reach = (
    provisioner: string,
    rest: object = {},
    params: Partial<ProvisionerParams> = {},
    nodes: object[] = [],
  ) => reachOf({ provisioner, ...rest }, { ...unchanged, ...params }, nodes)
  t.equal(reach('EBS.csi.aws.com'), 'zonal', 'in any case')
  t.equal(reach('rancher.io/local-path'), 'node-local')
  t.equal(reach('cluster.local/nfs-subdir-external-provisioner'), 'global')
  t.equal(reach('openshift-storage.cephfs.csi.ceph.com'), 'global')
  t.equal(reach('csi.example.com'), 'unknown')
  t.equal(reach(''), undefined)
  t.equal(reach('disk.csi.azure.com', { parameters: { storageAccountType: 'StandardSSD_ZRS' } }), 'zone-redundant')
  t.equal(reach('disk.csi.azure.com', { parameters: { SKUNAME: 'Premium_LRS' } }), 'zonal')
  t.equal(
    reach('ebs.csi.aws.com', { parameters: { skuName: 'Premium_ZRS' } }),
    'zonal',
    'a parameter of another driver',
  )
  t.equal(reach('driver.longhorn.io', { parameters: { dataLocality: 'best-effort' } }), 'global')
  t.equal(reach('csi.vsphere.vmware.com', { allowedTopologies: [{}] }), 'zonal')
  t.equal(reach('csi.vsphere.vmware.com', {}, {}, [node('a', 'failure-domain.beta.kubernetes.io/zone')]), 'zonal')
  t.equal(reachOf({ provisioner: 'csi.vsphere.vmware.com' }, unchanged, unknown), 'global')
  t.equal(reach('ebs.csi.aws.com', {}, { globalProvisioners: ['*.CSI.aws.com'] }), 'global', 'settings may contradict')
  t.equal(reach('x.example.com', {}, { topologyAwareProvisioners: ['*.example.com'] }), 'global')
  t.equal(reach('x.example.com', {}, { nodeLocalProvisioners: ['x.example.com'] }), 'node-local')
})

t.test('a variable that decides how far volumes reach, or when they are bound, is not known', async (t) => {
  const fault = (provisioner: string, parameters?: object | string, rest: object = {}) =>
    // Files hold what nobody validated.
    bindingFault(
      { provisioner, ...(parameters === undefined ? {} : { parameters }), ...rest } as object,
      unchanged,
      inventoryOf([]),
    )
  t.same(fault('${PROVISIONER}'), unresolved('value'))
  t.same(fault('disk.csi.azure.com', { skuName: '${SKU}' }), unresolved('value'))
  t.equal(fault('disk.csi.azure.com', { skuName: '${TIER}_ZRS' }), 'zone-redundant')
  t.same(fault('disk.csi.azure.com', '${PARAMETERS}'), unresolved('value'))
  t.same(fault('driver.longhorn.io', { dataLocality: '${LOCALITY}' }), unresolved('value'))
  t.same(fault('rbd.csi.ceph.com', { topologyConstrainedPools: '${POOLS}' }), unresolved('value'))
  t.equal(fault('rbd.csi.ceph.com', { topologyConstrainedPools: '[{"poolName":"${POOL}"}]' }), 'zonal', 'not empty')
  t.equal(fault('ebs.csi.aws.com', '${PARAMETERS}'), 'zonal', 'nothing in them decides')
  t.same(fault('ebs.csi.aws.com', {}, { allowedTopologies: '${TOPOLOGIES}' }), unresolved('value'))
  t.same(fault('ebs.csi.aws.com', {}, { volumeBindingMode: '${MODE}' }), unresolved('value'))
  t.equal(fault('efs.csi.aws.com', {}, { volumeBindingMode: '${MODE}' }), undefined)
})

t.test('volumes that somebody made say how far those of their class reach', async (t) => {
  const local = { metadata: { name: 'shared' }, provisioner: 'kubernetes.io/no-provisioner' }
  const kept = (key: string) => ({
    required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'Exists' }] }] },
  })
  const nfs = { nfs: { server: 'nfs.example.com', path: '/' } }
  const csi = (driver: string) => ({ csi: { driver, volumeHandle: 'v' } })
  const fault = (specs: readonly object[], params: Partial<ProvisionerParams> = {}, storageClassName = 'shared') => {
    const entries = specs.map((spec, i): Entry => {
      const object = { metadata: { name: `pv-${i}` }, spec: { storageClassName, ...spec } }
      return { kind: 'PersistentVolume', namespace: '', name: `pv-${i}`, object }
    })
    return bindingFault(local, { ...unchanged, ...params }, inventoryOf(entries))
  }
  t.equal(fault([]), 'node-local', 'what such classes are made for')
  t.equal(fault([nfs], {}, 'other'), 'node-local')
  t.equal(fault([nfs, nfs]), undefined)
  t.equal(fault([csi('efs.csi.aws.com')]), undefined)
  t.equal(fault([nfs, { local: { path: '/' }, nodeAffinity: kept('kubernetes.io/hostname') }]), 'node-local')
  t.equal(fault([{ ...nfs, nodeAffinity: kept('kubernetes.io/hostname') }]), 'node-local')
  t.equal(fault([nfs, { ...nfs, nodeAffinity: kept('topology.kubernetes.io/zone') }]), 'zonal')
  t.equal(fault([csi('ebs.csi.aws.com')]), 'zonal')
  t.equal(fault([csi('csi.example.com')]), 'unknown')
  t.equal(fault([csi('csi.example.com')], { globalProvisioners: ['csi.example.com'] }), undefined)
  t.equal(fault([], { globalProvisioners: ['kubernetes.io/no-provisioner'] }), undefined, 'settings come first')
  t.same(fault([nfs], {}, '${CLASS}'), unresolved('PersistentVolume'), 'it may be one of these')
  const unsynced: Inventory = { ...inventoryOf([]), list: (kind) => (kind === 'PersistentVolume' ? unknown : []) }
  t.same(bindingFault(local, unchanged, unsynced), unresolved('PersistentVolume'))
})

t.test('zones', async (t) => {
  t.equal(zoneOf(node('eu-west-1a')), 'eu-west-1a')
  t.equal(zoneOf(node('westeurope-1', 'topology.disk.csi.azure.com/zone')), 'westeurope-1')
  for (const none of ['', '0', '9', undefined]) t.equal(zoneOf(node(none)), undefined)
  t.ok(inOneZone([node('a'), node('a'), node()]))
  t.notOk(inOneZone([node('a'), node('b')]))
  t.notOk(inOneZone([]), 'no node is known')
  const terms = (...keys: string[]) => ({
    allowedTopologies: keys.map((key, i) => ({ matchLabelExpressions: [{ key, values: [`z${i}`] }] })),
  })
  t.equal(allowedZones(terms('topology.gke.io/zone', 'topology.kubernetes.io/zone'))?.size, 2)
  t.equal(
    allowedZones(terms('topology.gke.io/zone', 'topology.kubernetes.io/region')),
    undefined,
    'one term leaves it open',
  )
  t.equal(allowedZones({}), undefined)
})

t.test('faults never throw, whatever stands in a class', async () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const wild = {
        provisioner: 'disk.csi.azure.com',
        parameters: a,
        allowedTopologies: [a, { matchLabelExpressions: b }],
        metadata: b,
      }
      // Files hold what nobody validated.
      bindingFault(
        wild as object,
        unchanged,
        inventoryOf([{ kind: 'Node', namespace: '', name: 'n', object: { metadata: a } }]),
      )
      claimsOf('StatefulSet', { spec: { volumeClaimTemplates: a, template: { spec: { volumes: b } } } })
      claimRefsOf('Pod', { spec: { volumes: [a, b, { persistentVolumeClaim: a }] } })
    }),
  )
})
