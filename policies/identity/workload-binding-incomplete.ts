import { azureUseLabel, skipAnnotations, skipsEveryContainer } from '../../src/sdk/identity-injection.ts'
import { podKinds } from '../../src/sdk/kinds.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import type { KindName, Kinds } from '../../src/sdk/objects.ts'
import { pointer } from '../../src/sdk/pointer.ts'
import { podSpecOf, type PodSpecView } from '../../src/sdk/pod-specs.ts'
import { definePolicy, mostRelated, unresolved } from '../../src/sdk/policy.ts'
import { witnessKinds } from '../../src/sdk/relations.ts'
import {
  accountNameOf,
  accountOf,
  defaultAccount,
  roleKeys,
  roleOf,
  workloadsUnder,
} from '../../src/sdk/service-accounts.ts'
import { memberOf } from '../../src/sdk/shape.ts'
import { isVariable } from '../../src/sdk/variables.ts'

const useLabel = `template:
  metadata:
    labels:
      azure.workload.identity/use: "true"`
const account = (metadata: string, name = 'app') => `{ kind: ServiceAccount, metadata: { name: ${name}, ${metadata} } }`
const clientId = 'annotations: { azure.workload.identity/client-id: 11111111-2222-3333-4444-555555555555 }'
const container = `{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }`
const deployment = (template: string, spec = 'serviceAccountName: app,', metadata = 'name: web') =>
  `{ kind: Deployment, metadata: { ${metadata} }, spec: { selector: { matchLabels: { app: web } }, template: { metadata: { ${template} }, spec: { ${spec} containers: [${container}] } } } }`
const labelled = (value: string) => `labels: { app: web, azure.workload.identity/use: ${value} }`
const plain = 'labels: { app: web }'
const google = account('annotations: { iam.gke.io/gcp-service-account: app-role@my-project.iam.gserviceaccount.com }')
const amazon = account('annotations: { eks.amazonaws.com/role-arn: "arn:aws:iam::111122223333:role/app" }')
const labelPath = '/spec/template/metadata/labels/azure.workload.identity~1use'
const clientIdPath = '/metadata/annotations/azure.workload.identity~1client-id'

export default definePolicy({
  id: 'identity-workload-binding-incomplete',
  summary: 'A workload and its ServiceAccount say together all that it takes for the pods to get their role.',
  signatures: ['crash-loop'],
  since: '0.1.0',
  readsMetadata: true,
  sources: [
    'https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html',
    'https://github.com/aws/amazon-eks-pod-identity-webhook',
    'https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity',
  ],
  on: ['ServiceAccount', ...podKinds],
  reads: ['ServiceAccount', ...witnessKinds],
  reasons: {
    'label-missing': {
      baseline: 'warn',
      // The account may well be there first, and is sound by itself.
      strict: { default: 'deny', serviceaccount: 'warn' },
      why: 'The webhook of Azure selects pods by this label alone: without it no token is projected, and each login fails.',
      snippet: useLabel,
    },
    'label-misplaced': {
      baseline: 'warn',
      why: 'The webhook of Azure looks at the labels of pods, which come from the pod template; on another object the label does nothing.',
      snippet: useLabel,
    },
    'client-id-missing': {
      baseline: 'audit',
      strict: 'warn',
      why: 'AZURE_CLIENT_ID is injected empty, so an application that does not name its identity in code cannot log in.',
      snippet: `metadata:
  annotations:
    azure.workload.identity/client-id: 11111111-2222-3333-4444-555555555555`,
    },
    'default-account': {
      baseline: 'warn',
      why: 'The token is made out to the default ServiceAccount, which no federated credential should name: every other pod of the namespace has it too.',
    },
    'host-network': {
      baseline: 'warn',
      why: 'The metadata server of GKE answers pods on the host network as it answers the node, so the role of the ServiceAccount is not used.',
    },
    'every-container-skipped': {
      baseline: 'warn',
      why: 'The webhook of EKS passes over each container that the annotation names, so none gets a token and all run with the identity of the node.',
    },
  },
  examples: {
    passes: [
      { name: 'label and client id', object: deployment(labelled('"true"')), inventory: account(clientId) },
      { name: 'neither', object: deployment(plain), inventory: account('') },
      { name: 'the account of nobody in particular', object: account(clientId) },
      {
        name: 'workloads of another account',
        object: account(clientId),
        inventory: deployment(plain, 'serviceAccountName: api,'),
      },
      {
        name: 'one container gets the role',
        object: deployment(`${plain}, annotations: { eks.amazonaws.com/skip-containers: sidecar }`),
        inventory: amazon,
      },
      {
        name: 'a role of AWS on the host network',
        object: deployment(plain, 'serviceAccountName: app, hostNetwork: true,'),
        inventory: amazon,
      },
      {
        name: 'files without the default account, and no label',
        object: deployment(plain, ''),
        frontEnd: 'check',
      },
    ],
    fails: [
      {
        name: 'the pods lack the label',
        object: deployment(plain),
        inventory: account(clientId),
        finds: [`label-missing ${labelPath}`],
      },
      {
        name: 'a label with another value',
        object: deployment(labelled('"True"')),
        inventory: account(clientId),
        finds: [`label-missing ${labelPath}`],
      },
      {
        name: 'true without quotes, which the API server refuses',
        object: deployment(labelled('true')),
        inventory: account(clientId),
        finds: [`label-missing ${labelPath}`],
      },
      {
        name: 'a bare Pod',
        object: `{ kind: Pod, metadata: { name: web }, spec: { serviceAccountName: app, containers: [${container}] } }`,
        inventory: account(clientId),
        finds: ['label-missing /metadata/labels/azure.workload.identity~1use'],
      },
      {
        name: 'seen from the account',
        object: account(clientId),
        inventory: `${deployment(plain)}\n---\n${deployment(plain, undefined, 'name: api')}`,
        finds: [`label-missing ${clientIdPath}`],
      },
      {
        name: 'the label is on the Deployment, and nothing maps the account',
        object: deployment(plain, undefined, `name: web, ${labelled('"true"')}`),
        inventory: account(''),
        finds: ['label-misplaced /metadata/labels/azure.workload.identity~1use'],
      },
      {
        name: 'the label is on the account',
        object: deployment(plain),
        inventory: account('labels: { azure.workload.identity/use: "true" }'),
        finds: [`label-misplaced ${labelPath}`],
      },
      {
        name: 'the label is on the account, seen from there',
        object: account('labels: { azure.workload.identity/use: "true" }'),
        inventory: deployment(plain),
        finds: ['label-misplaced /metadata/labels/azure.workload.identity~1use'],
      },
      {
        name: 'the account has no client id',
        object: deployment(labelled('"true"')),
        inventory: account(''),
        finds: [`client-id-missing ${labelPath}`],
      },
      {
        name: 'the account has no client id, seen from there',
        object: account(''),
        inventory: deployment(labelled('"true"')),
        finds: [`client-id-missing ${clientIdPath}`],
      },
      {
        name: 'the label under the default account',
        object: deployment(labelled('"true"'), ''),
        finds: [`default-account ${labelPath}`],
      },
      {
        name: 'a role of Google Cloud on the host network',
        object: deployment(plain, 'serviceAccountName: app, hostNetwork: true,'),
        inventory: google,
        finds: ['host-network /spec/template/spec/hostNetwork'],
      },
      {
        name: 'every container is skipped',
        object: deployment(`${plain}, annotations: { eks.amazonaws.com/skip-containers: web }`),
        inventory: amazon,
        finds: ['every-container-skipped /spec/template/metadata/annotations/eks.amazonaws.com~1skip-containers'],
      },
      {
        name: 'every container is skipped, seen from the account',
        object: amazon,
        inventory: deployment(`${plain}, annotations: { eks.amazonaws.com/skip-containers: web }`),
        finds: ['every-container-skipped /metadata/annotations/eks.amazonaws.com~1role-arn'],
      },
      {
        name: 'files that do not hold the account',
        object: deployment(labelled('"true"')),
        frontEnd: 'check',
        finds: ['unresolved ServiceAccount'],
      },
      {
        name: 'a label that is filled in later',
        object: deployment(labelled('"${USE}"')),
        inventory: account(clientId),
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
      {
        name: 'a client id that is filled in later, perhaps with nothing',
        object: deployment(plain),
        inventory: account('annotations: { azure.workload.identity/client-id: "${CLIENT}" }'),
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
      {
        name: 'the same from the side of the account',
        object: account('annotations: { azure.workload.identity/client-id: "${CLIENT}" }'),
        inventory: deployment(plain),
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
      {
        name: 'roles of other clouds that are filled in later',
        object: account(
          'annotations: { iam.gke.io/gcp-service-account: "${SA}@p.iam.gserviceaccount.com", eks.amazonaws.com/role-arn: "${ROLE}" }',
        ),
        inventory: deployment(
          `${plain}, annotations: { eks.amazonaws.com/skip-containers: web }`,
          'serviceAccountName: app, hostNetwork: true,',
        ),
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
      {
        name: 'workloads that are not known yet',
        object: account(clientId),
        unknown: ['CronJob'],
        finds: ['unresolved CronJob'],
      },
    ],
  },
  *check({ kind, object, namespace, name, inventory }) {
    if (kind !== 'ServiceAccount') {
      const view = podSpecOf(kind, object)
      if (!view) return
      const answer = accountOf(view.spec, namespace, inventory)
      const account = answer.state === 'known' ? answer.account : undefined
      for (const gap of gapsOf(kind, object, view, account)) {
        if (gap === 'value') yield unresolved('value')
        else
          yield {
            reason: gap.reason,
            path: gap.path,
            message: `${gap.says(`pods of ${kind} ${brief(name)}`)}`,
            fix: gap.fix,
            ...(answer.state === 'known'
              ? { related: [{ kind: 'ServiceAccount', namespace, name: answer.name }] }
              : undefined),
          }
      }
      if (answer.state === 'unresolved') yield unresolved(answer.missing)
      return
    }
    const { found, unsure } = workloadsUnder(name, namespace, inventory)
    const gaps = found.flatMap((workload) => {
      const view = podSpecOf(workload.kind, workload.object)
      return view ? gapsOf(workload.kind, workload.object, view, object).map((gap) => ({ gap, workload })) : []
    })
    for (const reason of reasonsOfAccount.keys()) {
      const same = gaps.flatMap(({ gap, workload }) =>
        gap !== 'value' && gap.reason === reason ? [{ gap, workload }] : [],
      )
      const [first] = same
      if (!first || (reason === 'label-misplaced' && labelOf(object.metadata?.labels) === undefined)) continue
      const more = same.length > 1 ? ` (and ${same.length - 1} more)` : ''
      yield {
        reason,
        path: reasonsOfAccount.get(reason) ?? '',
        message: `${first.gap.says(`pods of ${first.workload.kind} ${brief(nameOf(first.workload.object))}${more}`)}`,
        fix: first.gap.fix,
        related: same
          .slice(0, mostRelated)
          .map(({ workload }) => ({ kind: workload.kind, namespace, name: nameOf(workload.object) })),
      }
    }
    if (gaps.some(({ gap }) => gap === 'value')) yield unresolved('value')
    for (const missing of unsure) yield unresolved(missing)
  },
})

type Reason =
  | 'label-missing'
  | 'label-misplaced'
  | 'client-id-missing'
  | 'default-account'
  | 'host-network'
  | 'every-container-skipped'

/** What keeps the pods of a workload from their role; `value` where a `${VARIABLE}` decides. */
interface Gap {
  readonly reason: Reason
  /** JSON pointer on the workload. */
  readonly path: string
  readonly says: (pods: string) => string
  readonly fix: string
}

// Where each stands on the ServiceAccount.
const reasonsOfAccount: ReadonlyMap<Reason, string> = new Map([
  ['label-missing', pointer('metadata', 'annotations', roleKeys.azure)],
  ['label-misplaced', pointer('metadata', 'labels', azureUseLabel)],
  ['client-id-missing', pointer('metadata', 'annotations', roleKeys.azure)],
  ['default-account', pointer('metadata', 'annotations', roleKeys.azure)],
  ['host-network', pointer('metadata', 'annotations', roleKeys.gke)],
  ['every-container-skipped', pointer('metadata', 'annotations', roleKeys.eks)],
])
/** The gaps between a workload and its ServiceAccount; without one, those that the workload shows by itself. */
function gapsOf(
  kind: KindName,
  object: { readonly metadata?: Kinds['Deployment']['metadata'] },
  view: PodSpecView,
  account: Kinds['ServiceAccount'] | undefined,
): (Gap | 'value')[] {
  const label = labelOf(view.metadata.labels)
  if (isVariable(label)) return ['value']
  const gaps: (Gap | 'value')[] = []
  const path = view.metadataPath + pointer('labels', azureUseLabel)
  const clientId = account && roleOf(account, 'azure')
  if (label === 'true') {
    if (account && clientId === undefined)
      gaps.push(accountNameOf(view.spec) === defaultAccount ? defaultGap(path) : clientIdGap(path))
  } else if (clientId !== undefined) gaps.push(isVariable(clientId) ? 'value' : labelGap(path, label))
  else if (label === undefined) {
    const onWorkload = kind !== 'Pod' && labelOf(object.metadata?.labels) !== undefined
    if (onWorkload) gaps.push(misplacedGap(pointer('metadata', 'labels', azureUseLabel), kind))
    else if (labelOf(account?.metadata?.labels) !== undefined) gaps.push(misplacedGap(path, 'ServiceAccount'))
  }
  const [google, amazon] = [roleOf(account, 'gke'), roleOf(account, 'eks')]
  if (google !== undefined && view.spec.hostNetwork === true)
    gaps.push(isVariable(google) ? 'value' : hostNetworkGap(`${view.path}/hostNetwork`))
  if (amazon !== undefined && skipsEveryContainer(view, 'eks')) {
    const path = view.metadataPath + pointer('annotations', skipAnnotations.eks)
    gaps.push(isVariable(amazon) ? 'value' : skippedGap(path))
  }
  return gaps
}

function labelOf(labels: unknown): unknown {
  return memberOf(labels, azureUseLabel)
}

function labelGap(path: string, label: unknown): Gap {
  const lacks = label === undefined ? 'lack' : 'have, but not as the text true,'
  return {
    reason: 'label-missing',
    path,
    says: (pods) => `${pods} ${lacks} label ${azureUseLabel}`,
    fix: `set ${azureUseLabel}: "true" in the labels of the pod template`,
  }
}

function misplacedGap(path: string, holder: string): Gap {
  return {
    reason: 'label-misplaced',
    path,
    says: (pods) => `${pods} lack label ${azureUseLabel}; the ${holder} has it`,
    fix: 'move it to the labels of the pod template',
  }
}

function clientIdGap(path: string): Gap {
  return {
    reason: 'client-id-missing',
    path,
    says: (pods) => `${pods} want workload identity, but their ServiceAccount names no client id`,
    fix: `annotate it with ${roleKeys.azure}`,
  }
}

function defaultGap(path: string): Gap {
  return {
    reason: 'default-account',
    path,
    says: (pods) => `${pods} want workload identity under ServiceAccount default`,
    fix: `set serviceAccountName to an account with ${roleKeys.azure}`,
  }
}

function hostNetworkGap(path: string): Gap {
  return {
    reason: 'host-network',
    path,
    says: (pods) => `${pods} are on the host network, where their Google role is not used`,
    fix: 'leave the host network',
  }
}

function skippedGap(path: string): Gap {
  return {
    reason: 'every-container-skipped',
    path,
    says: (pods) => `${pods} have the webhook skip every container, so none gets the role`,
    fix: `leave a container out of ${skipAnnotations.eks}`,
  }
}
