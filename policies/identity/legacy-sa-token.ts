import { unknown } from '../../src/sdk/inventory.ts'
import { podKinds } from '../../src/sdk/kinds.ts'
import { brief } from '../../src/sdk/names.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { secretReferences } from '../../src/sdk/secret-references.ts'
import { annotationOf } from '../../src/sdk/service-accounts.ts'
import { isVariable } from '../../src/sdk/variables.ts'

const why =
  'The token never expires and belongs to no pod: whoever once read it acts as the ServiceAccount until the Secret is deleted.'
const snippet = `volumes:
  - name: token
    projected:
      sources:
        - serviceAccountToken:
            path: token
            expirationSeconds: 3600`
const token = (name = 'example') =>
  `{ kind: Secret, metadata: { name: ${name}, annotations: { kubernetes.io/service-account.name: app } }, type: kubernetes.io/service-account-token }`
const pod = (fields: string, spec: string) =>
  `{ kind: Pod, spec: { containers: [{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } }, ${fields} }], ${spec} } }`
const mounting = (source: string) =>
  pod('volumeMounts: [{ name: token, mountPath: /token }]', `volumes: [{ name: token, ${source} }]`)

export default definePolicy({
  id: 'identity-legacy-sa-token',
  summary: 'Tokens of ServiceAccounts expire: they are projected into pods or asked for, not kept in Secrets.',
  signatures: ['crash-loop'],
  since: '0.1.0',
  sources: [
    'kubernetes/pkg/serviceaccount/legacy.go',
    'kubernetes/pkg/controller/serviceaccount/tokens_controller.go',
    'https://kubernetes.io/docs/concepts/configuration/secret/#serviceaccount-token-secrets',
  ],
  on: ['Secret', ...podKinds],
  reads: ['Secret'],
  reasons: {
    token: { baseline: 'warn', strict: 'deny', why, snippet },
    mounted: {
      baseline: 'audit',
      why: 'The pod lives on a token that never expires, and fails on the day that somebody deletes or replaces the Secret.',
      snippet,
    },
  },
  examples: {
    passes: [
      { name: 'another Secret', object: '{ kind: Secret, type: Opaque, stringData: { greeting: hello } }' },
      {
        name: 'a token that the kubelet asks for and rotates',
        object: mounting('projected: { sources: [{ serviceAccountToken: { path: token, expirationSeconds: 3600 } }] }'),
      },
      {
        name: 'a Secret of another type is mounted',
        object: mounting('secret: { secretName: settings }'),
        inventory: '{ kind: Secret, metadata: { name: settings }, type: Opaque }',
      },
      {
        name: 'a Secret that does not exist is the fault of another rule',
        object: mounting('secret: { secretName: settings }'),
      },
    ],
    fails: [
      { name: 'a token for ever', object: token(), finds: ['token /type'] },
      {
        name: 'a Pod mounts one',
        object: mounting('secret: { secretName: builder }'),
        inventory: token('builder'),
        finds: ['mounted /spec/volumes/0/secret/secretName'],
      },
      {
        name: 'a projected volume holds one',
        object: mounting('projected: { sources: [{ secret: { name: builder } }] }'),
        inventory: token('builder'),
        finds: ['mounted /spec/volumes/0/projected/sources/0/secret/name'],
      },
      {
        name: 'a variable and a whole environment are read from one',
        object: pod(
          'env: [{ name: TOKEN, valueFrom: { secretKeyRef: { name: builder, key: token } } }], envFrom: [{ secretRef: { name: builder } }]',
          '',
        ),
        inventory: token('builder'),
        finds: [
          'mounted /spec/containers/0/env/0/valueFrom/secretKeyRef/name',
          'mounted /spec/containers/0/envFrom/0/secretRef/name',
        ],
      },
      {
        name: 'the webhook does not know Secrets',
        object: mounting('secret: { secretName: builder }'),
        unknown: ['Secret'],
        finds: ['unresolved Secret'],
      },
      {
        name: 'files that do not hold the Secret',
        object: mounting('secret: { secretName: builder }'),
        frontEnd: 'check',
        finds: ['unresolved Secret'],
      },
    ],
  },
  *check({ kind, object, namespace, name, inventory }) {
    if (kind === 'Secret') {
      if (object.type !== tokenType) return
      const account = brief(annotationOf(object, 'kubernetes.io/service-account.name') ?? '')
      yield {
        reason: 'token',
        path: '/type',
        message: `Secret ${brief(name)} is a token of ServiceAccount ${account} that never expires`,
        fix: 'project a serviceAccountToken into the pod, or use `kubectl create token`',
      }
      return
    }
    const view = podSpecOf(kind, object)
    if (!view) return
    let unsure = false
    for (const reference of secretReferences(view)) {
      const secret = inventory.get('Secret', namespace, reference.name)
      if (
        secret === unknown ||
        isVariable(reference.name) ||
        (secret ? inventory.uncertain(secret) : !inventory.complete)
      )
        unsure = true
      else if (secret?.type === tokenType)
        yield {
          reason: 'mounted',
          path: reference.path,
          message: `${kind} ${brief(name)} gets the token in Secret ${brief(reference.name)}, which never expires`,
          fix: 'project a serviceAccountToken with expirationSeconds: 3600 instead',
          related: [{ kind: 'Secret', namespace, name: reference.name }],
        }
    }
    if (unsure) yield unresolved('Secret')
  },
})

const tokenType = 'kubernetes.io/service-account-token'
