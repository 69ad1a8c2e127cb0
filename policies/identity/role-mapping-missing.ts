import { azureUseLabel, hasToken, hasVariable, type InjectingCloud } from '../../src/sdk/identity-injection.ts'
import { podKinds } from '../../src/sdk/kinds.ts'
import { brief } from '../../src/sdk/names.ts'
import { pointer } from '../../src/sdk/pointer.ts'
import { containersOf, podSpecOf, type ContainerView, type PodSpecView } from '../../src/sdk/pod-specs.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { accountOf, cloudsOf, ownAccountOf, roleKeys, roleOf } from '../../src/sdk/service-accounts.ts'
import { listOf, memberOf } from '../../src/sdk/shape.ts'
import { yaml } from '../../src/sdk/snippet.ts'

const why =
  'The SDK finds no token for the role and takes what the node has: requests are refused, or done with rights that were never meant for the pod.'
const snippet = yaml`apiVersion: v1
kind: ServiceAccount
metadata:
  name: ${{ account: 'app' }} # serviceAccountName of the pod template
  annotations:
    eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/app`
const deployment = (env: string, spec = '', labels = '') =>
  `{ kind: Deployment, spec: { selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web${labels} } }, spec: { ${spec} containers: [{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } }, env: [${env}] }] } } } }`
const amazon = '{ name: AWS_ROLE_ARN, value: "arn:aws:iam::111122223333:role/app" }'
const azure = '{ name: AZURE_CLIENT_ID, value: 11111111-2222-3333-4444-555555555555 }'
const account = (annotations: string) =>
  `{ kind: ServiceAccount, metadata: { name: app, annotations: { ${annotations} } } }`
const store = 'volumes: [{ name: keys, csi: { driver: secrets-store.csi.k8s.io, readOnly: true } }],'
const env = '/spec/template/spec/containers/0/env'

export default definePolicy({
  id: 'identity-role-mapping-missing',
  summary: 'A workload that uses a cloud runs under a ServiceAccount that is mapped to a role.',
  signatures: ['crash-loop'],
  since: '0.1.0',
  readsMetadata: true,
  sources: [
    'https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html',
    'https://learn.microsoft.com/azure/aks/workload-identity-overview',
    'https://secrets-store-csi-driver.sigs.k8s.io/',
  ],
  on: podKinds,
  reads: ['ServiceAccount'],
  reasons: {
    // Associations of EKS Pod Identity and direct principals of Google Cloud are in no object of the cluster.
    unmapped: { baseline: 'audit', strict: 'warn', why, snippet },
    expected: { baseline: 'warn', why, snippet },
  },
  params: {
    identityMode: {
      type: 'string',
      enum: ['irsa', 'eks-pod-identity', 'azure', 'gke', 'mixed'],
      default: 'mixed',
      description:
        'How pods get their roles here; with irsa and azure every mapping is an annotation, so one that is missing warns.',
    },
  },
  examples: {
    passes: [
      {
        name: 'the account is mapped',
        object: deployment(amazon, 'serviceAccountName: app,'),
        inventory: account('eks.amazonaws.com/role-arn: "arn:aws:iam::111122223333:role/app"'),
      },
      {
        name: 'the token file is named by hand',
        object: deployment(`${amazon}, { name: AWS_WEB_IDENTITY_TOKEN_FILE, value: /var/run/token }`),
      },
      {
        name: 'pods ask for workload identity, so the client id is theirs',
        object: deployment(azure, 'serviceAccountName: app,', ', azure.workload.identity/use: "true"'),
        inventory: account(''),
      },
      {
        name: 'a region says nothing of who asks',
        object: deployment('{ name: AWS_REGION, value: eu-central-1 }'),
      },
      {
        name: 'associations of EKS Pod Identity are in no object',
        object: deployment(amazon),
        params: { identityMode: 'eks-pod-identity' },
      },
      {
        name: 'the volume of secrets has credentials of its own',
        object: deployment(
          '',
          'volumes: [{ name: keys, csi: { driver: secrets-store.csi.k8s.io, readOnly: true, nodePublishSecretRef: { name: vault } } }],',
        ),
      },
    ],
    fails: [
      {
        name: 'a role of AWS without a token to take it with',
        object: deployment(`{ name: LOG_LEVEL, value: info }, ${amazon}`),
        finds: [`unmapped ${env}/1`],
      },
      {
        name: 'where every mapping is an annotation',
        object: deployment(amazon),
        params: { identityMode: 'irsa' },
        finds: [`expected ${env}/0`],
      },
      {
        name: 'a client id of Azure without a token',
        object: deployment(azure, 'serviceAccountName: app,'),
        inventory: account('eks.amazonaws.com/role-arn: "arn:aws:iam::111122223333:role/app"'),
        finds: [`unmapped ${env}/0`],
      },
      {
        name: 'a client id where every mapping is an annotation',
        object: deployment(azure),
        params: { identityMode: 'azure' },
        finds: [`expected ${env}/0`],
      },
      {
        name: 'a volume of secrets of a cloud',
        object: deployment('', store),
        finds: ['unmapped /spec/template/spec/volumes/0/csi'],
      },
      {
        name: 'files that do not hold the account',
        object: deployment(amazon, 'serviceAccountName: app,'),
        frontEnd: 'check',
        finds: ['unresolved ServiceAccount'],
      },
    ],
  },
  *check({ kind, object, namespace, name, params, inventory }) {
    const view = podSpecOf(kind, object)
    if (!view) return
    const { identityMode } = params
    const uses = usesOf(view).filter(({ cloud }) => cloud !== 'eks' || identityMode !== 'eks-pod-identity')
    if (uses.length === 0) return
    const answer = accountOf(view.spec, namespace, inventory)
    if (answer.state === 'unresolved') yield unresolved(answer.missing)
    if (answer.state !== 'known') return
    for (const { cloud, path, says } of uses) {
      const isMapped = cloud ? roleOf(answer.account, cloud) !== undefined : cloudsOf(answer.account).length > 0
      if (isMapped) continue
      const expected = (cloud === 'eks' && identityMode === 'irsa') || (cloud === 'azure' && identityMode === 'azure')
      yield {
        reason: expected ? 'expected' : 'unmapped',
        path,
        message: `${kind} ${brief(name)} ${says}, but ServiceAccount ${brief(answer.name)} maps to no role`,
        fix: cloud ? `annotate the account with ${roleKeys[cloud]}` : 'annotate the account with its role',
        related: [{ kind: 'ServiceAccount', namespace, name: answer.name }],
        values: { account: ownAccountOf(view.spec) },
      }
    }
  },
})

/** A sign that the pod uses a cloud as itself; without `cloud` any may be meant. */
interface Use {
  readonly cloud?: InjectingCloud
  readonly path: string
  readonly says: string
}

function usesOf(view: PodSpecView): Use[] {
  const asks = memberOf(view.metadata.labels, azureUseLabel) !== undefined
  const uses: Use[] = []
  for (const container of containersOf(view)) {
    const role = placeOf(container, 'AWS_ROLE_ARN')
    if (role !== undefined && !hasToken(container, 'eks'))
      uses.push({ cloud: 'eks', path: role, says: 'sets AWS_ROLE_ARN' })
    const client = asks ? undefined : placeOf(container, 'AZURE_CLIENT_ID')
    // With a secret beside it, it is a login of another kind.
    if (client !== undefined && !hasToken(container, 'azure') && !hasVariable(container, 'AZURE_CLIENT_SECRET'))
      uses.push({ cloud: 'azure', path: client, says: 'sets AZURE_CLIENT_ID' })
  }
  for (const [index, volume] of listOf(view.spec.volumes).entries()) {
    const csi = memberOf(volume, 'csi')
    if (memberOf(csi, 'driver') !== 'secrets-store.csi.k8s.io' || asks) continue
    if (memberOf(csi, 'nodePublishSecretRef') !== undefined) continue
    uses.push({ path: view.path + pointer('volumes', index, 'csi'), says: 'mounts secrets of a store' })
  }
  return uses
}

/** Where a container sets the variable itself; undefined where it does not. */
function placeOf({ path, environment: { places, entries } }: ContainerView, name: string): string | undefined {
  const place = places.get(name)
  return place !== undefined && memberOf(entries[place], 'value') ? path + pointer('env', place) : undefined
}
