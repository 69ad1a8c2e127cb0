import { podKinds } from '../../src/sdk/kinds.ts'
import { brief } from '../../src/sdk/names.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { accountOf, cloudsOf, ownAccountOf } from '../../src/sdk/service-accounts.ts'
import { memberOf } from '../../src/sdk/shape.ts'
import { yaml } from '../../src/sdk/snippet.ts'
import { isVariable } from '../../src/sdk/variables.ts'

const container = `{ name: agent, image: "registry.example.com/agent:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }`
const daemonSet = (fields: string) =>
  `{ kind: DaemonSet, spec: { selector: { matchLabels: { app: agent } }, template: { metadata: { labels: { app: agent } }, spec: { ${fields} containers: [${container}] } } } }`
const account = `{ kind: ServiceAccount, metadata: { name: agent, annotations: { eks.amazonaws.com/role-arn: "arn:aws:iam::111122223333:role/agent" } } }`
const nodeClass = (options: string) => `{ kind: EC2NodeClass, spec: { metadataOptions: { ${options} } } }`
const place = '/spec/metadataOptions/httpPutResponseHopLimit'
const mapped = yaml`apiVersion: v1
kind: ServiceAccount
metadata:
  name: ${{ account: 'agent' }} # serviceAccountName of the pod template
  annotations:
    eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/agent`

export default definePolicy({
  id: 'identity-imds-dependency',
  summary: 'Pods have a role of their own, and do not live on the identity of their node.',
  signatures: ['crash-loop'],
  since: '0.1.0',
  sources: [
    'https://karpenter.sh/docs/concepts/nodeclasses/#specmetadataoptions',
    'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html',
    'https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html',
  ],
  on: ['EC2NodeClass', ...podKinds],
  reads: ['ServiceAccount'],
  reasons: {
    'hop-limit': {
      baseline: 'audit',
      strict: 'warn',
      why: 'With two hops every pod of the node can take the role of the node; what came to rely on it breaks on the day that the limit becomes one.',
      snippet: `spec:
  metadataOptions:
    httpTokens: required
    httpPutResponseHopLimit: 1`,
    },
    'unexpected-hop-limit': {
      baseline: 'audit',
      strict: 'warn',
      why: 'Nodes of this class answer pods otherwise than those of the rest of the platform, so a pod works or fails by where it is placed.',
    },
    'host-network': {
      baseline: 'audit',
      strict: 'warn',
      why: 'No hop limit stands between the host network and the metadata of the node: the pod takes the role of the node, and one change of that role breaks every such pod.',
      snippet: mapped,
    },
  },
  params: {
    expectHopLimit: {
      type: 'string',
      enum: ['1', '2', 'any'],
      default: 'any',
      description: 'The httpPutResponseHopLimit that all nodes of the platform have; with any, 1 passes.',
    },
  },
  examples: {
    passes: [
      { name: 'one hop ends at the node', object: nodeClass('httpPutResponseHopLimit: 1') },
      { name: 'left out, it is one', object: nodeClass('httpTokens: required') },
      { name: 'no metadata at all', object: nodeClass('httpEndpoint: disabled, httpPutResponseHopLimit: 2') },
      {
        name: 'two hops where the platform wants them',
        object: nodeClass('httpPutResponseHopLimit: 2'),
        params: { expectHopLimit: '2' },
      },
      { name: 'no host network', object: daemonSet('') },
      {
        name: 'the host network with a role',
        object: daemonSet('hostNetwork: true, serviceAccountName: agent,'),
        inventory: account,
      },
    ],
    fails: [
      {
        name: 'two hops reach into pods',
        object: nodeClass('httpPutResponseHopLimit: 2'),
        finds: [`hop-limit ${place}`],
      },
      {
        name: 'one hop where the platform wants two',
        object: nodeClass('httpTokens: required'),
        params: { expectHopLimit: '2' },
        finds: [`unexpected-hop-limit ${place}`],
      },
      {
        name: 'a limit that is filled in later',
        object: nodeClass('httpPutResponseHopLimit: "${HOPS}"'),
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
      {
        name: 'the host network without a role',
        object: daemonSet('hostNetwork: true,'),
        finds: ['host-network /spec/template/spec/hostNetwork'],
      },
      {
        name: 'files that do not hold the account',
        object: daemonSet('hostNetwork: true, serviceAccountName: agent,'),
        frontEnd: 'check',
        finds: ['unresolved ServiceAccount'],
      },
    ],
  },
  *check({ kind, object, namespace, name, params, inventory }) {
    if (kind === 'EC2NodeClass') {
      const options = memberOf(object.spec, 'metadataOptions')
      if (memberOf(options, 'httpEndpoint') === 'disabled') return
      const limit = memberOf(options, 'httpPutResponseHopLimit') ?? 1
      if (isVariable(limit)) yield unresolved('value')
      if (typeof limit !== 'number') return
      const { expectHopLimit } = params
      if (expectHopLimit === 'any' ? limit < 2 : limit === Number(expectHopLimit)) return
      yield {
        reason: expectHopLimit === 'any' ? 'hop-limit' : 'unexpected-hop-limit',
        path: '/spec/metadataOptions/httpPutResponseHopLimit',
        message: `EC2NodeClass ${brief(name)} lets metadata answers travel ${limit} hop${limit === 1 ? '' : 's'}`,
        fix: `set httpPutResponseHopLimit: ${expectHopLimit === 'any' ? 1 : expectHopLimit}`,
      }
      return
    }
    const view = podSpecOf(kind, object)
    if (view?.spec.hostNetwork !== true) return
    const answer = accountOf(view.spec, namespace, inventory)
    if (answer.state === 'unresolved') yield unresolved(answer.missing)
    if (answer.state !== 'known' || cloudsOf(answer.account).length > 0) return
    yield {
      reason: 'host-network',
      path: `${view.path}/hostNetwork`,
      message: `${kind} ${brief(name)} is on the host network and inherits the identity of its node`,
      fix: `map a role to ServiceAccount ${brief(answer.name)}, or leave the host network`,
      values: { account: ownAccountOf(view.spec) },
    }
  },
})
