import { awsKeys, configMap, context, env, iniFile, secret, sound, type Case } from '../support/case.ts'
import type { Unproven } from '../support/unproven.ts'

export const cases: readonly Case[] = [
  {
    rule: 'identity-secret-cloud-credentials',
    everyWay: true,
    baseline: 'deny',
    strict: 'deny',
    says: /holds a static .*AWS/i,
    bad: () => secret(awsKeys()),
    good: () => secret({ username: 'web', greeting: 'hello' }),
  },
  {
    rule: 'identity-configmap-cloud-credentials',
    baseline: 'deny',
    strict: 'deny',
    says: /holds a static .*AWS/i,
    bad: () => configMap({ 'credentials.ini': iniFile() }),
    good: () => configMap({ 'settings.ini': '[default]\nregion = eu-central-1\n' }),
  },
  {
    rule: 'identity-env-cloud-credentials',
    baseline: 'deny',
    strict: 'deny',
    says: /holds a static .*AWS/i,
    bad: (name) => sound(name, { container: { env: [...context, ...env(awsKeys())] } }),
    good: (name) => sound(name),
  },
]

export const unproven: Unproven = [
  [
    'identity-configmap-cloud-credentials',
    'no cloud: static keys fail all at once when they are rotated or expire (AWS, Google Cloud and Azure documentation of access keys, service account keys and client secrets)',
  ],
  ['identity-env-cloud-credentials', 'no cloud: as for `identity-configmap-cloud-credentials`'],
  ['identity-secret-cloud-credentials', 'no cloud: as for `identity-configmap-cloud-credentials`'],
]
