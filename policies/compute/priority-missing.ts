import { templateKinds } from '../../src/sdk/kinds.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { pointer } from '../../src/sdk/pointer.ts'
import { definePolicy } from '../../src/sdk/policy.ts'

const container = `{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }`

export default definePolicy({
  id: 'compute-priority-missing',
  summary: 'Pod templates name a PriorityClass, where the platform asks for one.',
  signatures: ['pending-pods', 'eviction'],
  since: '0.1.0',
  on: templateKinds,
  reads: [],
  sources: [
    'https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/',
    'kubernetes/plugin/pkg/admission/priority/admission.go',
  ],
  reasons: {
    missing: {
      baseline: 'off',
      why: 'Pods without a class get the default priority, mostly 0: whoever has more takes their place when nodes are full, and they are evicted first.',
      snippet: `spec:
  template:
    spec:
      priorityClassName: standard # one of: kubectl get priorityclasses`,
    },
  },
  examples: {
    passes: [
      {
        name: 'a PriorityClass is named',
        object: `{ kind: Deployment, spec: { template: { spec: { priorityClassName: standard, containers: [${container}] } } } }`,
        inventory: `{ kind: PriorityClass, metadata: { name: standard }, value: 1000 }`,
        severity: 'warn',
      },
      {
        name: 'none is named, and nobody asks for one',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [${container}] } } } }`,
      },
    ],
    fails: [
      {
        name: 'none is named, where the platform asks for one',
        object: `{ kind: Deployment, spec: { template: { spec: { containers: [${container}] } } } }`,
        severity: 'warn',
        finds: ['missing /spec/template/spec/priorityClassName'],
      },
      {
        name: 'an empty name is none',
        object: `{ kind: CronJob, spec: { jobTemplate: { spec: { template: { spec: { priorityClassName: "", containers: [${container}] } } } } } }`,
        severity: 'audit',
        finds: ['missing /spec/jobTemplate/spec/template/spec/priorityClassName'],
      },
    ],
  },
  *check({ kind, object }) {
    const view = podSpecOf(kind, object)
    if (!view || (view.spec.priorityClassName ?? '') !== '') return
    yield {
      reason: 'missing',
      path: view.path + pointer('priorityClassName'),
      message: 'the pods name no PriorityClass',
      fix: 'set priorityClassName to a class that kubectl get priorityclasses lists',
    }
  },
})
