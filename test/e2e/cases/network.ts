import { sound, type Case } from '../support/case.ts'
import type { Unproven } from '../support/unproven.ts'

const http = [{ name: 'http', containerPort: 8080 }]
const probed = (port: string | number) => ({ ports: http, readinessProbe: { httpGet: { path: '/ready', port } } })

const serving = (name: string, port = 'http') =>
  sound(name, { container: { ports: [{ name: port, containerPort: 8080 }] } })
const service = (app: string, targetPort: string | number, port: object = {}, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  spec: { ...spec, selector: { app }, ports: [{ name: 'http', port: 80, targetPort, ...port }] },
})

export const cases: readonly Case[] = [
  {
    rule: 'network-probe-port-unresolvable',
    everyWay: true,
    baseline: 'deny',
    strict: 'deny',
    says: /readinessProbe of web: port "web" is not declared in this container/,
    bad: (name) => sound(name, { container: probed('web') }),
    good: (name) => sound(name, { container: probed('http') }),
  },
  {
    rule: 'network-publish-not-ready',
    everyWay: true,
    baseline: 'warn',
    strict: 'deny',
    says: /Service .* publishes pods that are not ready/,
    bad: (name) => service(name, 'http', {}, { publishNotReadyAddresses: true }),
    good: (name) => service(name, 'http'),
    beside: (name) => [serving(name)],
  },
  {
    rule: 'network-service-port-unresolvable',
    everyWay: true,
    baseline: 'deny',
    strict: 'deny',
    says: /targetPort "web" is no port of Deployment/,
    bad: (name) => service(name, 'web'),
    good: (name) => service(name, 'http'),
    beside: (name) => [serving(name)],
  },
  {
    rule: 'network-service-port-unresolvable',
    kind: 'protocol',
    baseline: 'deny',
    strict: 'deny',
    says: /targetPort "http" is TCP in Deployment/,
    bad: (name) => service(name, 'http', { protocol: 'UDP' }),
    good: (name) => service(name, 'http'),
    beside: (name) => [serving(name)],
  },
  {
    // As created: an UPDATE that selects nothing warns.
    rule: 'network-service-selector-no-match',
    baseline: 'audit',
    strict: 'audit',
    immutable: true,
    says: /selects no pod by app=.*; closest Deployment\/.* has app=/,
    bad: (name) => service(`${name}-x`, 'http'),
    good: (name) => service(name, 'http'),
    beside: (name) => [serving(name)],
  },
]

export const unproven: Unproven = [
  [
    'network-publish-not-ready',
    'the Pods of simulated nodes are Ready at once: kubernetes/staging/src/k8s.io/endpointslice/utils.go takes every Pod for ready under publishNotReadyAddresses',
  ],
  [
    'network-probe-port-unresolvable',
    'probes run in a kubelet, and the nodes here are simulated: kubernetes/pkg/probe/util.go resolves the name in the container of the probe',
  ],
]
