import { closest } from '../../src/sdk/closest.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import { podKinds } from '../../src/sdk/kinds.ts'
import { brief, nameOf } from '../../src/sdk/names.ts'
import { podSpecOf } from '../../src/sdk/pod-specs.ts'
import { pointer } from '../../src/sdk/pointer.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { stringOf } from '../../src/sdk/shape.ts'
import { isVariable } from '../../src/sdk/variables.ts'

const container = `{ name: web, image: "registry.example.com/web:1.4.2", resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } } }`
const deployment = (fields: string) =>
  `{ kind: Deployment, spec: { template: { spec: { ${fields}, containers: [${container}] } } } }`
const priorityClass = (name: string) => `{ kind: PriorityClass, metadata: { name: ${name} }, value: 1000 }`
const runtimeClass = (name: string) => `{ kind: RuntimeClass, metadata: { name: ${name} }, handler: runsc }`
const absent = { baseline: { default: 'warn', check: 'deny' }, absence: true } as const

export default definePolicy({
  id: 'compute-reference-missing',
  summary: 'The PriorityClass, RuntimeClass and scheduler that pods name are there.',
  signatures: ['failed-create', 'pending-pods'],
  since: '0.1.0',
  on: podKinds,
  reads: ['PriorityClass', 'RuntimeClass'],
  sources: [
    'kubernetes/plugin/pkg/admission/priority/admission.go',
    'kubernetes/plugin/pkg/admission/runtimeclass/admission.go',
    'https://kubernetes.io/docs/tasks/extend-kubernetes/configure-multiple-schedulers/',
  ],
  reasons: {
    'priority-class': {
      ...absent,
      why: 'The workload is accepted and every pod of it refused with "no PriorityClass with name … was found": it has none, and only an event says why.',
    },
    'runtime-class': {
      ...absent,
      why: 'The workload is accepted and every pod of it refused with "pod rejected: RuntimeClass … not found": it has none, and only an event says why.',
    },
    'scheduler-name': {
      baseline: 'audit',
      strict: 'warn',
      why: 'A pod waits for the scheduler that it names: if none has that name it stays Pending without a condition or an event, because nobody looks at it.',
    },
  },
  params: {
    schedulers: {
      type: 'array',
      items: { type: 'string' },
      default: ['default-scheduler'],
      description: 'The schedulers that run in the cluster.',
    },
  },
  examples: {
    passes: [
      {
        name: 'a PriorityClass that is there',
        object: deployment('priorityClassName: high'),
        inventory: priorityClass('high'),
      },
      {
        name: 'the classes of the system are always there',
        object: deployment('priorityClassName: system-node-critical'),
      },
      {
        name: 'a RuntimeClass that is there',
        object: deployment('runtimeClassName: gvisor'),
        inventory: runtimeClass('gvisor'),
      },
      { name: 'no class is named', object: deployment('priorityClassName: "", runtimeClassName: null') },
      {
        name: 'a scheduler that the settings know',
        object: deployment('schedulerName: volcano'),
        params: { schedulers: ['default-scheduler', 'volcano'] },
      },
      { name: 'the scheduler that everybody has', object: deployment('schedulerName: default-scheduler') },
    ],
    fails: [
      {
        name: 'a PriorityClass that nobody made',
        object: deployment('priorityClassName: hihg'),
        inventory: priorityClass('high'),
        finds: ['priority-class /spec/template/spec/priorityClassName'],
      },
      {
        name: 'a PriorityClass that is not in a complete set of files',
        object: deployment('priorityClassName: high'),
        frontEnd: 'check',
        complete: true,
        finds: ['priority-class /spec/template/spec/priorityClassName'],
      },
      {
        name: 'a RuntimeClass that nobody made',
        object: `{ kind: CronJob, spec: { jobTemplate: { spec: { template: { spec: { runtimeClassName: gvisor, containers: [${container}] } } } } } }`,
        finds: ['runtime-class /spec/jobTemplate/spec/template/spec/runtimeClassName'],
      },
      {
        name: 'a scheduler of an unknown name',
        object: deployment('schedulerName: volcano'),
        finds: ['scheduler-name /spec/template/spec/schedulerName'],
      },
      {
        name: 'PriorityClasses that are not known yet',
        object: deployment('priorityClassName: high'),
        unknown: ['PriorityClass'],
        finds: ['unresolved PriorityClass'],
      },
      {
        name: 'what a variable holds is not known',
        object: deployment('priorityClassName: "${PRIORITY}", schedulerName: "${SCHEDULER}"'),
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
    ],
  },
  *check({ kind, object, params, inventory }) {
    const view = podSpecOf(kind, object)
    if (!view) return
    for (const { kind: wanted, field, reason } of references) {
      const name = stringOf(view.spec[field]) ?? ''
      if (name === '' || (wanted === 'PriorityClass' && builtIn.has(name))) continue
      if (isVariable(name)) {
        yield unresolved('value')
        continue
      }
      const found = inventory.get(wanted, '', name)
      if (found === unknown) yield unresolved(wanted)
      if (found !== undefined) continue
      const known = inventory.list(wanted)
      const meant = closest(name, known === unknown ? [] : known.map(nameOf))
      yield {
        reason,
        path: view.path + pointer(field),
        message: `the pods name ${wanted} ${brief(name)}, which does not exist`,
        fix:
          meant === undefined
            ? `create it, or correct ${field}`
            : `write ${brief(meant)} if that is meant, or create it`,
      }
    }
    const scheduler = stringOf(view.spec.schedulerName) ?? ''
    if (scheduler === '' || params.schedulers.includes(scheduler)) return
    if (isVariable(scheduler)) {
      yield unresolved('value')
      return
    }
    yield {
      reason: 'scheduler-name',
      path: view.path + pointer('schedulerName'),
      message: `the pods wait for scheduler ${brief(scheduler)}, which the settings do not know`,
      fix: 'remove schedulerName, or add the scheduler to the parameter schedulers',
    }
  },
})

const references = [
  { kind: 'PriorityClass', field: 'priorityClassName', reason: 'priority-class' },
  { kind: 'RuntimeClass', field: 'runtimeClassName', reason: 'runtime-class' },
] as const

// The API server makes them and lets nobody delete them (kubernetes/pkg/apis/scheduling/types.go).
const builtIn: ReadonlySet<string> = new Set(['system-cluster-critical', 'system-node-critical'])
