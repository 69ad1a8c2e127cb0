import { pod, sound, type Case } from '../support/case.ts'
import { limitRange, quota, soundResources } from '../support/objects.ts'
import type { Unproven } from '../support/unproven.ts'

export const cases: readonly Case[] = [
  {
    rule: 'compute-requests-required',
    everyWay: true,
    baseline: 'deny',
    strict: 'deny',
    says: /web.* (has no|requests).* cpu/i,
    bad: (name) => sound(name, { resources: { ...soundResources, requests: { cpu: '0', memory: '128Mi' } } }),
    good: (name) => sound(name),
  },
  {
    rule: 'compute-requests-required',
    kind: 'pod',
    baseline: 'deny',
    strict: 'deny',
    says: /web.* (has no|requests).* cpu/i,
    bad: () => pod({ ...soundResources, requests: { cpu: '0', memory: '128Mi' } }),
    good: () => pod(soundResources),
    immutable: true,
  },
  {
    rule: 'compute-memory-limit-required',
    baseline: 'deny',
    strict: 'deny',
    says: /web.* memory limit/i,
    bad: (name) => sound(name, { resources: { ...soundResources, limits: { cpu: '500m' } } }),
    good: (name) => sound(name),
  },
  {
    rule: 'compute-cpu-limit',
    everyWay: true,
    baseline: 'warn',
    strict: 'deny',
    says: /web.* cpu limit/i,
    bad: (name) => sound(name, { resources: { ...soundResources, limits: { memory: '128Mi' } } }),
    good: (name) => sound(name),
  },
  {
    rule: 'compute-quantity-suspicious',
    baseline: 'deny',
    strict: 'deny',
    says: /128m/,
    bad: (name) =>
      sound(name, {
        resources: { requests: { cpu: '100m', memory: '128m' }, limits: { cpu: '500m', memory: '128m' } },
      }),
    good: (name) => sound(name),
  },
  {
    rule: 'compute-overcommit-ratio',
    baseline: 'warn',
    strict: 'warn',
    says: /may use 1Gi of memory and requests 128Mi: 8 times/,
    bad: (name) => sound(name, { resources: { ...soundResources, limits: { cpu: '500m', memory: '1Gi' } } }),
    good: (name) => sound(name, { resources: { ...soundResources, limits: { cpu: '500m', memory: '512Mi' } } }),
  },
  {
    rule: 'compute-image-mutable-tag',
    baseline: 'audit',
    strict: 'warn',
    says: /web:latest with imagePullPolicy IfNotPresent/,
    bad: (name) =>
      sound(name, { container: { image: 'registry.example/web:latest', imagePullPolicy: 'IfNotPresent' } }),
    good: (name) => sound(name, { container: { image: 'registry.example/web:1.0', imagePullPolicy: 'IfNotPresent' } }),
  },
  {
    rule: 'compute-priority-missing',
    baseline: 'off',
    strict: 'off',
    says: /name no PriorityClass/,
    bad: (name) => sound(name),
    good: (name) => sound(name, { pod: { priorityClassName: 'system-cluster-critical' } }),
  },
  {
    rule: 'compute-limitrange-conflict',
    baseline: 'warn',
    strict: 'deny',
    inFiles: 'deny',
    says: /web requests 1Gi of memory and has no limit; LimitRange small gives it 512Mi/,
    bad: (name) => sound(name, { resources: { requests: { cpu: '100m', memory: '1Gi' }, limits: { cpu: '500m' } } }),
    good: (name) => sound(name, { resources: { ...soundResources, limits: { cpu: '500m', memory: '512Mi' } } }),
    beside: () => [limitRange({ type: 'Container', default: { memory: '512Mi' } }, 'small')],
  },
  {
    rule: 'compute-quota-unspecified',
    baseline: 'warn',
    strict: 'warn',
    says: /container migrate has no cpu limit, and ResourceQuota team on limits\.cpu wants one/,
    bad: (name) => sound(name, { pod: { initContainers: [migrate(soundResources.requests, { memory: '128Mi' })] } }),
    good: (name) => sound(name, { pod: { initContainers: [migrate(soundResources.requests, soundResources.limits)] } }),
    beside: () => [quota({ 'limits.cpu': '100' })],
  },
  {
    rule: 'compute-reference-missing',
    kind: 'priority-class',
    baseline: 'warn',
    strict: 'warn',
    says: /name PriorityClass nobody, which does not exist/,
    bad: (name) => sound(name, { pod: { priorityClassName: 'nobody' } }),
    good: (name) => sound(name, { pod: { priorityClassName: 'system-cluster-critical' } }),
  },
  {
    rule: 'compute-reference-missing',
    baseline: 'audit',
    strict: 'warn',
    says: /wait for scheduler nobody/,
    bad: (name) => sound(name, { pod: { schedulerName: 'nobody' } }),
    good: (name) => sound(name, { pod: { schedulerName: 'default-scheduler' } }),
  },
]

function migrate(requests: object, limits: object): object {
  return { name: 'migrate', image: 'registry.example/web:1.0', resources: { requests, limits } }
}

export const unproven: Unproven = [
  [
    'compute-image-mutable-tag',
    'no kubelet: what a node has pulled under a name it does not pull again under IfNotPresent (kubernetes/pkg/kubelet/images/image_manager.go, EnsureImageExists)',
  ],
  [
    'compute-priority-missing',
    'off unless a platform asks for it: pods without a class have the default priority, and are preempted and evicted first (kubernetes/pkg/scheduler/framework/preemption, kubernetes/pkg/kubelet/eviction/helpers.go)',
  ],
  [
    'compute-cpu-limit',
    'no container runtime: a container without a cpu limit takes what its neighbours leave (kernel, cgroup v2 `cpu.weight` and `cpu.max`; kubernetes/pkg/kubelet/cm)',
  ],
  [
    'compute-memory-limit-required',
    'no kubelet: it is the kernel that kills at the limit, and the kubelet that evicts under memory pressure (kubernetes/pkg/kubelet/eviction/helpers.go, rankMemoryPressure)',
  ],
  [
    'compute-overcommit-ratio',
    'no kubelet: what pods use beyond their requests it takes back under memory pressure (kubernetes/pkg/kubelet/eviction/helpers.go, rankMemoryPressure)',
  ],
]
