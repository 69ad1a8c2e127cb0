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

// No host and no path: other Ingresses of the cluster would share them.
const ingress = (name: string, number: number) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  spec: { defaultBackend: { service: { name, port: { number } } } },
})
const named = (object: object, name: string) => ({ ...object, metadata: { name } })
const balanced = (name: string) => named(service(name, 'http', {}, { type: 'LoadBalancer' }), name)

export const cases: readonly Case[] = [
  {
    rule: 'network-ingress-backend-missing',
    everyWay: true,
    baseline: 'deny',
    strict: 'deny',
    says: /the Service has no port 8080 \(it has 80\)/,
    bad: (name) => ingress(name, 8080),
    good: (name) => ingress(name, 80),
    beside: (name) => [serving(name), named(service(name, 'http'), name)],
  },
  {
    rule: 'network-ingress-backend-missing',
    kind: 'service',
    baseline: 'warn',
    strict: 'warn',
    says: /this Service does not exist/,
    bad: (name) => ingress(`${name}-x`, 80),
    good: (name) => ingress(name, 80),
    beside: (name) => [serving(name), named(service(name, 'http'), name)],
  },
  {
    rule: 'network-nodeport-local-blackhole',
    baseline: 'warn',
    strict: 'deny',
    says: /NodePort Service .* with externalTrafficPolicy Local has no health check port/,
    bad: (name) => service(name, 'http', {}, { type: 'NodePort', externalTrafficPolicy: 'Local' }),
    good: (name) => service(name, 'http', {}, { type: 'NodePort', externalTrafficPolicy: 'Cluster' }),
    beside: (name) => [serving(name)],
  },
  {
    rule: 'network-readiness-probe-missing',
    baseline: 'audit',
    strict: 'warn',
    says: /web serves Service .* without readinessProbe/,
    bad: (name) => serving(name),
    good: (name) => sound(name, { container: probed('http') }),
    beside: (name) => [named(service(name, 'http'), name)],
  },
  {
    rule: 'network-readiness-probe-missing',
    kind: 'balancer',
    baseline: 'audit',
    strict: 'deny',
    says: /web serves load balancer .* without readinessProbe/,
    bad: (name) => serving(name),
    good: (name) => sound(name, { container: probed('http') }),
    beside: (name) => [balanced(name)],
  },
  {
    rule: 'network-rollout-drain-gap',
    baseline: 'warn',
    strict: 'warn',
    says: /preStop of web sleeps 30 s, the grace period is 30 s/,
    bad: (name) => sound(name, { container: { lifecycle: { preStop: { exec: { command: ['sleep', '30'] } } } } }),
    good: (name) => sound(name, { container: { lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } } } }),
  },
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
    'network-ingress-backend-missing',
    'the API server stores such an Ingress, as the proofs see; what its controller answers needs one: https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-controllers',
  ],
  [
    'network-nodeport-local-blackhole',
    'no kube-proxy runs here: https://kubernetes.io/docs/reference/networking/virtual-ips/#external-traffic-policy says that a node without a pod drops the traffic',
  ],
  [
    'network-readiness-probe-missing',
    'the Pods of simulated nodes are Ready without any probe: kubernetes/pkg/kubelet/prober/prober_manager.go takes a container without one for ready',
  ],
  [
    'network-rollout-drain-gap',
    'no kubelet and no load balancer runs here: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination',
  ],
  [
    'network-publish-not-ready',
    'the Pods of simulated nodes are Ready at once: kubernetes/staging/src/k8s.io/endpointslice/utils.go takes every Pod for ready under publishNotReadyAddresses',
  ],
  [
    'network-probe-port-unresolvable',
    'probes run in a kubelet, and the nodes here are simulated: kubernetes/pkg/probe/util.go resolves the name in the container of the probe',
  ],
]
