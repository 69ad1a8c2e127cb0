import { credentialNeeds, type CredentialNeed, type CredentialOptions } from '../../src/sdk/credential-endpoints.ts'
import { admits, egressPoliciesOf, isolatesEgress, selectorOfPolicy } from '../../src/sdk/egress.ts'
import { unknown, type Inventory } from '../../src/sdk/inventory.ts'
import { podKinds } from '../../src/sdk/kinds.ts'
import { selectorKeys } from '../../src/sdk/label-keys.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import type { KindName, Kinds } from '../../src/sdk/objects.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy, mostRelated, unresolved, type Missing } from '../../src/sdk/policy.ts'
import { witnessKinds, workloadsSelected, type Relation, type WitnessKind } from '../../src/sdk/relations.ts'
import { accountOf, workloadsUnder } from '../../src/sdk/service-accounts.ts'

const why =
  'The pod cannot reach the place where its token is exchanged for credentials: the request times out, which looks as if IAM had failed.'
const snippet = `egress: # one more rule, in a policy that selects the pods
  - to: [{ipBlock: {cidr: 169.254.170.23/32}}] # EKS Pod Identity; IRSA and Azure: TCP 443
    ports: [{protocol: TCP, port: 80}]
  - ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]`
const account = (annotations = 'eks.amazonaws.com/role-arn: "arn:aws:iam::111122223333:role/app"') =>
  `{ kind: ServiceAccount, metadata: { name: app, annotations: { ${annotations} } } }`
const deployment = (env = '', spec = '', labels = '') =>
  `{ kind: Deployment, metadata: { name: web }, spec: { selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web${labels} } }, spec: { serviceAccountName: app, ${spec} containers: [{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } }, env: [${env}] }] } } } }`
const policy = (rules: string, selector = 'matchLabels: { app: web }', name = 'web') =>
  `{ kind: NetworkPolicy, metadata: { name: ${name} }, spec: { podSelector: { ${selector} }, policyTypes: [Egress], egress: [${rules}] } }`
const dns = '{ ports: [{ protocol: UDP, port: 53 }] }'
const https = '{ ports: [{ port: 443 }] }'
const agent = '{ to: [{ ipBlock: { cidr: 169.254.170.23/32 } }], ports: [{ port: 80 }] }'
const agentUri = '{ name: AWS_CONTAINER_CREDENTIALS_FULL_URI, value: "http://169.254.170.23/v1/credentials" }'
const google = account('iam.gke.io/gcp-service-account: app-role@my-project.iam.gserviceaccount.com')
const azure = account('azure.workload.identity/client-id: 11111111-2222-3333-4444-555555555555')
const azureLabel = ', azure.workload.identity/use: "true"'
const both = (...objects: string[]) => objects.join('\n---\n')
const place = '/spec/template/metadata/labels'

export default definePolicy({
  id: 'identity-credential-endpoint-blocked',
  summary: 'NetworkPolicies let pods reach the endpoint that gives them their credentials.',
  signatures: ['crash-loop'],
  since: '0.1.0',
  readsMetadata: true,
  sources: [
    'kubernetes/staging/src/k8s.io/api/networking/v1/types.go',
    'https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html',
    'https://cloud.google.com/kubernetes-engine/docs/how-to/network-policy',
  ],
  on: ['NetworkPolicy', 'ServiceAccount', ...podKinds],
  reads: ['NetworkPolicy', 'ServiceAccount', ...witnessKinds],
  reasons: {
    'endpoint-blocked': { baseline: 'warn', why, snippet },
    'dns-blocked': {
      baseline: 'warn',
      why: 'The name of the endpoint cannot be resolved, so the token is never exchanged: the request times out, which looks as if IAM had failed.',
      snippet,
    },
    'other-engines': {
      baseline: 'audit',
      why: 'These NetworkPolicies do not let the pod reach the endpoint that gives it its credentials; policies of the CNI may.',
      snippet,
    },
  },
  params: {
    podIdentityAccounts: {
      type: 'array',
      items: { type: 'string', pattern: '^[^/]+/[^/]+$' },
      default: [],
      description: 'ServiceAccounts with an association of EKS Pod Identity, as namespace/name.',
    },
    gkeMetadataEndpoints: {
      type: 'array',
      items: { type: 'string', pattern: '^.+:[0-9]+$' },
      default: ['169.254.169.252:988', '169.254.169.254:80'],
      description: 'Metadata servers of GKE as address:port; a pod must reach one of them.',
    },
    imdsRequired: {
      type: 'boolean',
      default: false,
      description: 'Pods without a role live on the identity of their node, and need its metadata service.',
    },
    otherPolicyEngines: {
      type: 'boolean',
      default: false,
      description:
        'Policies of the CNI (Cilium, Calico) may allow what NetworkPolicies do not: findings are audit only.',
    },
  },
  examples: {
    passes: [
      { name: 'no policy isolates the pods', object: deployment(), inventory: account() },
      {
        name: 'HTTPS and DNS are open',
        object: deployment(),
        inventory: both(account(), policy(`${https}, ${dns}`)),
      },
      {
        name: 'two policies add up',
        object: deployment(),
        inventory: both(account(), policy(https), policy(dns, '', 'all')),
      },
      {
        name: 'a policy for ingress isolates nothing here',
        object: deployment(),
        inventory: both(account(), '{ kind: NetworkPolicy, spec: { podSelector: {}, ingress: [{}] } }'),
      },
      {
        name: 'no role, nothing to reach',
        object: deployment(),
        inventory: both(account(''), policy('')),
      },
      {
        name: 'the host network is not isolated',
        object: deployment('', 'hostNetwork: true,'),
        inventory: both(account(), policy('')),
      },
      {
        name: 'the agent of EKS Pod Identity is open',
        object: deployment(agentUri),
        inventory: both(account(''), policy(agent)),
      },
      {
        name: 'its IPv6 address is',
        object: deployment(agentUri),
        inventory: both(
          account(''),
          policy('{ to: [{ ipBlock: { cidr: "fd00:ec2::/32" } }], ports: [{ port: 1, endPort: 1024 }] }'),
        ),
      },
      {
        name: 'Dataplane V2 of GKE',
        object: deployment(),
        inventory: both(google, policy('{ to: [{ ipBlock: { cidr: 169.254.169.254/32 } }], ports: [{ port: 80 }] }')),
      },
      {
        name: 'a proxy stands between',
        object: deployment('{ name: HTTPS_PROXY, value: "http://proxy:3128" }'),
        inventory: both(account(), policy('{ ports: [{ port: 3128 }] }')),
      },
    ],
    fails: [
      {
        name: 'nothing is open',
        object: deployment(),
        inventory: both(account(), policy('')),
        finds: [`dns-blocked ${place}`, `endpoint-blocked ${place}`],
      },
      {
        name: 'DNS alone is open',
        object: deployment(),
        inventory: both(account(), policy(dns)),
        finds: [`endpoint-blocked ${place}`],
      },
      {
        name: 'other pods alone may be reached',
        object: deployment(),
        inventory: both(account(), policy('{ to: [{ namespaceSelector: {} }] }')),
        finds: [`endpoint-blocked ${place}`],
      },
      {
        name: 'seen from the policy',
        object: policy(dns),
        inventory: both(account(), deployment()),
        finds: ['endpoint-blocked /spec/egress'],
      },
      {
        name: 'seen from the account',
        object: account(),
        inventory: both(policy(dns), deployment()),
        finds: ['endpoint-blocked /metadata/annotations'],
      },
      {
        name: 'the agent of EKS Pod Identity is an exception',
        object: deployment(agentUri),
        inventory: both(account(''), policy('{ to: [{ ipBlock: { cidr: 0.0.0.0/0, except: [169.254.0.0/16] } }] }')),
        finds: [`endpoint-blocked ${place}`],
      },
      {
        name: 'an association that the settings tell of, and no address',
        object: deployment(),
        inventory: both(account(''), policy(dns)),
        params: { podIdentityAccounts: ['default/app'] },
        finds: [`endpoint-blocked ${place}`],
      },
      {
        name: 'Azure, with nothing but DNS',
        object: deployment('', '', azureLabel),
        inventory: both(azure, policy(dns)),
        finds: [`endpoint-blocked ${place}`],
      },
      {
        name: 'the metadata server of GKE at another port',
        object: deployment(),
        inventory: both(google, policy('{ to: [{ ipBlock: { cidr: 169.254.169.252/32 } }], ports: [{ port: 80 }] }')),
        finds: [`endpoint-blocked ${place}`],
      },
      {
        name: 'pods that live on their node',
        object: deployment(),
        inventory: both(account(''), policy(dns)),
        params: { imdsRequired: true },
        finds: [`endpoint-blocked ${place}`],
      },
      {
        name: 'policies of the CNI may allow it',
        object: deployment(),
        inventory: both(account(), policy(dns)),
        params: { otherPolicyEngines: true },
        finds: [`other-engines ${place}`],
      },
      {
        name: 'a block that is filled in later',
        object: deployment(agentUri),
        inventory: both(account(''), policy('{ to: [{ ipBlock: { cidr: "${AGENT}" } }] }')),
        frontEnd: 'check',
        finds: ['unresolved NetworkPolicy'],
      },
      {
        name: 'policies that are not known yet',
        object: deployment(),
        inventory: account(),
        unknown: ['NetworkPolicy'],
        finds: ['unresolved NetworkPolicy'],
      },
    ],
  },
  *check({ kind, object, namespace, name, params, inventory }) {
    const around = workloadsAround(kind, object, namespace, name, inventory)
    const unsure = new Set<Missing>(around.unsure)
    const blocked = around.found.flatMap((workload) => {
      const faults = blockedNeeds(workload, namespace, params, inventory)
      for (const missing of faults.unsure) unsure.add(missing)
      return faults.found.map((fault) => ({ ...fault, workload }))
    })
    for (const need of new Set(blocked.map((fault) => fault.need.name))) {
      const same = blocked.filter((fault) => fault.need.name === need)
      const [first] = same
      if (!first) continue
      const more = same.length > 1 ? ` (and ${same.length - 1} more)` : ''
      const names = (kind === 'NetworkPolicy' ? same.map(({ workload }) => workload) : first.policies).slice(
        0,
        mostRelated,
      )
      yield {
        reason: params.otherPolicyEngines
          ? 'other-engines'
          : first.need.kind === 'dns'
            ? 'dns-blocked'
            : 'endpoint-blocked',
        path: places.get(kind) ?? `${podSpecOf(kind, object)?.metadataPath ?? ''}/labels`,
        message: `NetworkPolicies keep ${first.workload.kind} ${brief(nameOf(first.workload.object))}${more} from ${first.need.name}`,
        fix: first.need.fix,
        related: names.map((each) => ({ kind: each.kind, namespace, name: nameOf(each.object) })),
      }
    }
    for (const missing of unsure) yield unresolved(missing)
  },
})

interface Named {
  readonly kind: KindName
  readonly object: object
}

type Needed = 'NetworkPolicy' | 'ServiceAccount' | WitnessKind

const places: ReadonlyMap<KindName, string> = new Map([
  ['NetworkPolicy', '/spec/egress'],
  ['ServiceAccount', '/metadata/annotations'],
])
/** The workloads, or the Pod, whose way to their credentials the object under review bears on. */
function workloadsAround(
  kind: KindName,
  object: object,
  namespace: string,
  name: string,
  inventory: Inventory<WitnessKind>,
): Relation<Named> {
  if (kind === 'ServiceAccount') return workloadsUnder(name, namespace, inventory)
  if (kind !== 'NetworkPolicy') return { found: [{ kind, object }], unsure: [] }
  // The kind says which object it is.
  const policy: Kinds['NetworkPolicy'] = object
  if (!isolatesEgress(policy)) return { found: [], unsure: [] }
  return workloadsSelected(selectorOfPolicy(policy), selectorKeys(policy.spec?.podSelector), namespace, inventory)
}

interface Blocked {
  readonly need: CredentialNeed
  readonly policies: readonly Named[]
}

function blockedNeeds(
  { kind, object }: Named,
  namespace: string,
  options: CredentialOptions,
  inventory: Inventory<Needed>,
): { readonly found: readonly Blocked[]; readonly unsure: readonly Missing[] } {
  const view = podSpecOf(kind, object)
  if (!view || view.spec.hostNetwork === true) return { found: [], unsure: [] }
  const policies = egressPoliciesOf(kind, object, namespace, inventory)
  if (policies.found.length === 0) return { found: [], unsure: policies.unsure }
  const answer = accountOf(view.spec, namespace, inventory)
  if (answer.state === 'unresolved') return { found: [], unsure: [answer.missing] }
  if (answer.state === 'absent') return { found: [], unsure: [] }
  const found: Blocked[] = []
  const unsure = new Set<Missing>()
  for (const need of credentialNeeds(view, answer.account, `${namespace}/${answer.name}`, options)) {
    const answers = policies.found.flatMap((policy) => need.anyOf.map((destination) => admits(policy, destination)))
    if (answers.includes(true)) continue
    // One more policy may be the one that opens it.
    if (answers.includes(unknown) || policies.unsure.length > 0) unsure.add('NetworkPolicy')
    else found.push({ need, policies: policies.found.map((policy) => ({ kind: 'NetworkPolicy', object: policy })) })
  }
  return { found, unsure: [...unsure] }
}
