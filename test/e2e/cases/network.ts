import { sound, type Case } from '../support/case.ts'
import type { Unproven } from '../support/unproven.ts'

const http = [{ name: 'http', containerPort: 8080 }]
const probed = (port: string | number) => ({ ports: http, readinessProbe: { httpGet: { path: '/ready', port } } })

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
]

export const unproven: Unproven = [
  [
    'network-probe-port-unresolvable',
    'probes run in a kubelet, and the nodes here are simulated: kubernetes/pkg/probe/util.go resolves the name in the container of the probe',
  ],
]
