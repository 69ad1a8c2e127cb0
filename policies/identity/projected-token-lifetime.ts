import { podKinds } from '../../src/sdk/kinds.ts'
import { brief } from '../../src/sdk/names.ts'
import { pointer } from '../../src/sdk/pointer.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy } from '../../src/sdk/policy.ts'
import { listOf, memberOf, stringOf } from '../../src/sdk/shape.ts'
import { yaml } from '../../src/sdk/snippet.ts'

const container = `{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }`
const pod = (token: string) =>
  `{ kind: Pod, spec: { containers: [${container}], volumes: [{ name: vault, projected: { sources: [{ configMap: { name: ca } }, { serviceAccountToken: { path: token, ${token} } }] } }] } }`
const place = '/spec/volumes/0/projected/sources/1/serviceAccountToken/expirationSeconds'

export default definePolicy({
  id: 'identity-projected-token-lifetime',
  summary: 'Tokens that are projected into pods live for a day at most.',
  signatures: ['crash-loop'],
  since: '0.1.0',
  sources: [
    'kubernetes/staging/src/k8s.io/api/core/v1/types.go (ServiceAccountTokenProjection)',
    'https://kubernetes.io/docs/concepts/storage/projected-volumes/#serviceaccounttoken',
  ],
  on: podKinds,
  reads: [],
  reasons: {
    'long-lived': {
      baseline: 'audit',
      strict: 'warn',
      why: 'The kubelet renews the file after 80 % of its life or a day, so a longer life helps only who stole the token, and an application that reads it once at its start, until it fails weeks later.',
      snippet: yaml`volumes:
  - name: ${{ volume: 'token' }}
    projected:
      sources:
        - serviceAccountToken:
            path: ${{ file: 'token' }}
            expirationSeconds: 3600`,
    },
  },
  params: {
    maxSeconds: {
      type: 'integer',
      minimum: 600,
      default: 86_400,
      description: 'Longest expirationSeconds that passes.',
    },
  },
  examples: {
    passes: [
      { name: 'an hour', object: pod('expirationSeconds: 3600') },
      { name: 'a day', object: pod('expirationSeconds: 86400') },
      { name: 'left out, it is an hour', object: pod('audience: vault') },
      {
        name: 'a year where the settings allow it',
        object: pod('expirationSeconds: 31536000'),
        params: { maxSeconds: 31_536_000 },
      },
    ],
    fails: [
      { name: 'a year', object: pod('expirationSeconds: 31536000'), finds: [`long-lived ${place}`] },
      {
        name: 'two hours where the settings allow one',
        object: pod('expirationSeconds: 7200'),
        params: { maxSeconds: 3600 },
        finds: [`long-lived ${place}`],
      },
    ],
  },
  *check({ kind, object, params }) {
    const view = podSpecOf(kind, object)
    if (!view) return
    for (const [index, volume] of listOf(view.spec.volumes).entries()) {
      const name = stringOf(memberOf(volume, 'name')) ?? ''
      // The API server adds it to every Pod, with an hour and seven seconds.
      if (name.startsWith('kube-api-access-')) continue
      for (const [each, source] of listOf(memberOf(memberOf(volume, 'projected'), 'sources')).entries()) {
        const token = memberOf(source, 'serviceAccountToken')
        const seconds = memberOf(token, 'expirationSeconds')
        if (typeof seconds !== 'number' || seconds <= params.maxSeconds) continue
        yield {
          reason: 'long-lived',
          path:
            view.path +
            pointer('volumes', index, 'projected', 'sources', each, 'serviceAccountToken', 'expirationSeconds'),
          message: `the token of volume ${brief(name)} lives ${seconds} s, more than ${params.maxSeconds} s`,
          fix: 'set expirationSeconds: 3600, and read the file again whenever it is used',
          values: { volume: name === '' ? undefined : name, file: stringOf(memberOf(token, 'path')) },
        }
      }
    }
  },
})
