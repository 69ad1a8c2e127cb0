import {
  driverOfKey,
  hasOwnKey,
  matchesTopologies,
  meetsRequirement,
  topologiesVary,
  topologyTerms,
  type TopologyTerm,
} from '../../src/sdk/allowed-topologies.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import { brief } from '../../src/sdk/names.ts'
import type { Kinds } from '../../src/sdk/objects.ts'
import { pointer } from '../../src/sdk/pointer.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { stringOf } from '../../src/sdk/shape.ts'

const snippet = `allowedTopologies:
  - matchLabelExpressions:
      - key: topology.kubernetes.io/zone
        values: [eu-west-1a, eu-west-1b]`

const storageClass = (terms: string, provisioner = 'ebs.csi.aws.com') =>
  `{ kind: StorageClass, metadata: { name: gp3 }, provisioner: ${provisioner}, volumeBindingMode: WaitForFirstConsumer, allowedTopologies: [${terms}] }`
const term = (key: string, ...values: string[]) =>
  `{ matchLabelExpressions: [{ key: ${key}, values: [${values.join(', ')}] }] }`
const node = (name: string, zone: string) =>
  `{ kind: Node, metadata: { name: ${name}, labels: { topology.kubernetes.io/zone: ${zone} } } }`
const nodes = `${node('n1', 'eu-west-1a')}\n---\n${node('n2', 'eu-west-1b')}`

export default definePolicy({
  id: 'storage-allowed-topologies-unsatisfiable',
  summary: 'The topologies that a StorageClass allows are those of some node.',
  signatures: ['pending-pods'],
  since: '0.1.0',
  sources: [
    'kubernetes/pkg/scheduler/framework/plugins/volumebinding/binder.go',
    'component-helpers/storage/volume/helpers.go',
    'https://kubernetes.io/docs/concepts/storage/storage-classes/#allowed-topologies',
  ],
  on: ['StorageClass'],
  reads: ['Node'],
  reasons: {
    'no-node': {
      baseline: 'warn',
      why: 'Volumes are made for the nodes that the class allows, and there is none: every claim of the class waits, and its pod stays Pending.',
      snippet,
      absence: true,
    },
    'empty-term': {
      baseline: 'deny',
      // The validation takes it for a duplicate of a term that it has not read yet (ValidateStorageClass).
      api: true,
      why: 'The API server refuses a term without expressions, with `Duplicate value: ""`; it would match no node at all, not every node.',
      snippet,
    },
    'foreign-key': {
      baseline: 'warn',
      why: 'Only the driver of another cloud writes this label, and the driver of the class does not understand it: no volume is made.',
      snippet,
    },
  },
  examples: {
    passes: [
      {
        name: 'a zone that has a node',
        object: storageClass(term('topology.kubernetes.io/zone', 'eu-west-1b', 'eu-west-1c')),
        inventory: nodes,
      },
      {
        name: 'one of two terms matches',
        object: storageClass(
          `${term('topology.kubernetes.io/zone', 'eu-west-1c')}, ${term('topology.kubernetes.io/zone', 'eu-west-1a')}`,
        ),
        inventory: nodes,
      },
      {
        name: 'every node is allowed',
        object:
          '{ kind: StorageClass, provisioner: ebs.csi.aws.com, volumeBindingMode: WaitForFirstConsumer, allowedTopologies: [] }',
        inventory: nodes,
      },
      {
        name: 'the key of the driver itself',
        object: storageClass(term('topology.ebs.csi.aws.com/zone', 'eu-west-1a')),
        inventory: `{ kind: Node, metadata: { name: n1, labels: { topology.ebs.csi.aws.com/zone: eu-west-1a } } }`,
      },
      {
        name: 'a provisioner that is not listed may understand any key',
        object: storageClass(term('topology.gke.io/zone', 'eu-west-1a'), 'csi.example.com'),
        inventory: `{ kind: Node, metadata: { name: n1, labels: { topology.gke.io/zone: eu-west-1a } } }`,
      },
    ],
    fails: [
      {
        name: 'no node is in the zone',
        object: storageClass(term('topology.kubernetes.io/zone', 'us-east-1a')),
        inventory: nodes,
        finds: ['no-node /allowedTopologies'],
      },
      {
        name: 'no node has the label of the driver, whatever its zone is',
        object: storageClass(term('topology.ebs.csi.aws.com/zone', 'eu-west-1a')),
        inventory: nodes,
        finds: ['no-node /allowedTopologies'],
      },
      {
        name: 'each label is there, but on no one node',
        object: storageClass(
          `{ matchLabelExpressions: [{ key: topology.kubernetes.io/zone, values: [eu-west-1a] }, { key: disk, values: [ssd] }] }`,
        ),
        inventory: `${node('n1', 'eu-west-1a')}\n---\n{ kind: Node, metadata: { name: n2, labels: { disk: ssd } } }`,
        finds: ['no-node /allowedTopologies'],
      },
      {
        name: 'a term without expressions',
        object: storageClass(`{}, ${term('topology.kubernetes.io/zone', 'eu-west-1a')}`),
        inventory: nodes,
        frontEnd: 'check',
        finds: ['empty-term /allowedTopologies/0'],
      },
      {
        name: 'the zone key of another cloud',
        object: storageClass(term('topology.gke.io/zone', 'eu-west-1a')),
        inventory: nodes,
        finds: ['foreign-key /allowedTopologies/0/matchLabelExpressions/0/key'],
      },
      {
        name: 'nodes that are not known',
        object: storageClass(term('topology.kubernetes.io/zone', 'us-east-1a')),
        unknown: ['Node'],
        finds: ['unresolved Node'],
      },
      {
        name: 'what a variable stands for is not known',
        object: storageClass(term('topology.kubernetes.io/zone', '"${ZONE}"')),
        inventory: nodes,
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
    ],
  },
  *check({ object, name, inventory }) {
    const terms = topologyTerms(object)
    const own = `StorageClass ${brief(name)}`
    let foreign = false
    for (const [index, term] of terms.entries()) {
      if (term.length === 0 && terms.length > 1) yield emptyTerm(own, index)
      for (const [place, { key }] of term.entries()) {
        const driver = driverOfKey(key)
        if (!driver || !isOfAnother(driver, object)) continue
        foreign = true
        yield {
          reason: 'foreign-key',
          path: pointer('allowedTopologies', index, 'matchLabelExpressions', place, 'key'),
          message: `${own} of ${brief(stringOf(object.provisioner) ?? '')} allows by ${brief(key, 45)}, the key of ${driver}`,
          fix: 'use key: topology.kubernetes.io/zone; allowedTopologies can be edited in place',
        }
      }
    }
    if (terms.length === 0 || foreign) return
    if (terms.every((term) => term.length === 0)) {
      yield emptyTerm(own, 0)
      return
    }
    if (topologiesVary(object)) {
      yield unresolved('value')
      return
    }
    const nodes = inventory.list('Node')
    if (nodes === unknown || nodes.length === 0) {
      yield unresolved('Node')
      return
    }
    if (nodes.some((node) => matchesTopologies(terms, node.metadata?.labels))) return
    yield {
      reason: 'no-node',
      path: '/allowedTopologies',
      message: `${own}: no node ${describe(terms, nodes)}`,
      fix: 'name a zone that has nodes, or add one; allowedTopologies can be edited in place',
    }
  },
})

function emptyTerm(own: string, index: number) {
  return {
    reason: 'empty-term',
    path: pointer('allowedTopologies', index),
    message: `${own}: allowedTopologies[${index}] has no matchLabelExpressions, so it matches no node`,
    fix: 'give it matchLabelExpressions, or remove it; without allowedTopologies every node is allowed',
  } as const
}

function isOfAnother(driver: string, { provisioner }: Kinds['StorageClass']): boolean {
  const own = stringOf(provisioner)?.toLowerCase() ?? ''
  // A provisioner that no key belongs to may well read the labels of its cloud.
  return driver !== own && hasOwnKey(own)
}

/** What the nodes lack for the first term: a requirement that none meets by itself, else all of them together. */
function describe([first = []]: readonly TopologyTerm[], nodes: readonly Kinds['Node'][]): string {
  const unmet = first.find((requirement) => !nodes.some((node) => meetsRequirement(requirement, node.metadata?.labels)))
  if (!unmet)
    return `has all of ${first
      .map(({ key }) => brief(key, 24))
      .slice(0, 2)
      .join(' and ')}`
  const [value = '', ...others] = unmet.values
  return `has ${brief(unmet.key, 45)} in ${brief(value, 20)}${others.length > 0 ? ` and ${others.length} more` : ''}`
}
