import t from 'tap'
import { found, made, seed } from '../support/credentials.ts'

t.comment(`seed ${seed}`)

const jwt = `eyJhbGciOiJSUzI1NiJ9.${made('registry.password')}.${made('registry.password', 1)}`
const key = btoa(made('kubernetes.clientKey'))

function kubeconfig(user: string): string {
  return `apiVersion: v1
kind: Config
clusters:
- name: prod
  cluster:
    server: https://10.0.0.1:6443
    certificate-authority-data: ${btoa('-----BEGIN CERTIFICATE-----')}
users:
- name: admin
  user:
${user.replaceAll(/^/gm, '    ')}
contexts:
- name: prod
  context: { cluster: prod, user: admin }
current-context: prod
`
}

await t.test('static credentials of users', async (t) => {
  for (const [user, finding] of [
    [`token: ${jwt}`, 'kubeconfig-token line 11'],
    [`token: "${jwt}"`, 'kubeconfig-token line 11'],
    [`client-certificate-data: QUFB\nclient-key-data: ${key}`, 'kubeconfig-client-key line 12'],
    [`username: admin\npassword: '${made('registry.password')}'`, 'kubeconfig-password line 12'],
    [
      `auth-provider:\n  name: oidc\n  config:\n    client-id: kubernetes\n    refresh-token: ${made('registry.password')}`,
      'kubeconfig-auth-provider line 15',
    ],
  ] as const) {
    t.strictSame(found(t, { kubeconfig: kubeconfig(user) }), [`kubeconfig possible ${finding}`], finding)
    const indented = kubeconfig(user).replaceAll(/^(?=.)/gm, '      ')
    t.strictSame(found(t, { value: indented }), [`value possible ${finding}`], 'inside another document')
    t.strictSame(found(t, { value: btoa(kubeconfig(user)) }), [`value possible ${finding}`], 'in base64')
  }
})

await t.test('other styles of the same', async (t) => {
  const flow = `{apiVersion: v1, kind: Config, current-context: a,\nclusters: [],\nusers: [{name: a, user: {token: ${jwt}}}]}`
  t.strictSame(found(t, { value: flow }), ['value possible kubeconfig-token line 3'])
  const document = { kind: 'Config', users: [{ user: { token: jwt } }], clusters: [] }
  t.strictSame(found(t, { value: JSON.stringify(document) }), ['value possible kubeconfig-token'])
  t.strictSame(found(t, { value: JSON.stringify(document, null, 2) }), ['value possible kubeconfig-token'])
  const nested = { user: { 'auth-provider': { config: { 'access-token': jwt } } } }
  t.strictSame(found(t, { value: JSON.stringify({ ...document, users: [nested] }) }), [
    'value possible kubeconfig-auth-provider',
  ])
  const first = kubeconfig(`token: ${jwt}`).replace(/^kind: Config\n/m, '')
  t.strictSame(found(t, { value: first }), ['value possible kubeconfig-token line 10'], 'without its kind')
})

await t.test('a key of a cloud among the variables of a plugin', async (t) => {
  const env = `exec:\n  command: aws\n  env:\n  - name: AWS_ACCESS_KEY_ID\n    value: ${made('aws.keyId')}\n  - name: AWS_SECRET_ACCESS_KEY\n    value: ${made('aws.secretKey')}`
  t.strictSame(found(t, { value: kubeconfig(env) }), ['value certain aws-access-key line 15'])
})

await t.test('what holds no credential', async (t) => {
  const plugin = (command: string) =>
    `exec:\n  apiVersion: client.authentication.k8s.io/v1\n  command: ${command}\n  args: [get-token, --login, workloadidentity]`
  for (const user of [
    ...['aws', 'aws-iam-authenticator', 'gke-gcloud-auth-plugin', 'kubelogin'].map(plugin),
    'tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token',
    'token: /var/run/secrets/kubernetes.io/serviceaccount/token',
    'client-key: /etc/kubernetes/pki/client.key',
    'token: REDACTED',
    'client-key-data: DATA+OMITTED',
    'client-key-data: REDACTED',
    'token: ${TOKEN}',
    'token: {{ .Values.token }}',
    'token: <token>',
    'token: abcdef.0123456789abcdef',
    `client-certificate-data: ${key}`,
    'password: changeme',
    'password: ""',
    'auth-provider: { name: gcp, config: { cmd-path: /usr/bin/gcloud } }',
  ])
    t.strictSame(found(t, { value: kubeconfig(user) }), [], user)
  const elsewhere = kubeconfig('tokenFile: /token')
  t.strictSame(found(t, { value: `${elsewhere}password: ${made('registry.password')}\n` }), [], 'not of a user')
  t.strictSame(found(t, { value: `kind: Config\nusers:\n- name: a\n  token: ${jwt}\n` }), [], 'no clusters')
  t.strictSame(found(t, { value: `kind: ConfigMap\ndata:\n  token: ${jwt}\n` }), [], 'another document')
  const others = `kind: Configuration\nclusters:\n- name: a\nusers:\n- name: b\n  password: ${made('registry.password')}\n`
  t.strictSame(found(t, { value: others }), [], 'clusters and users of something else')
})

await t.test('plugins and their variables, in JSON', async (t) => {
  const exec = (env: object) =>
    JSON.stringify({ kind: 'Config', users: [{ name: 'a', user: { exec: { command: 'aws', args: ['eks'], env } } }] })
  t.strictSame(
    found(t, { kubeconfig: exec([{ name: 'AWS_PROFILE', value: 'app' }]) }),
    [],
    'a command fetches the token',
  )
  const env = [
    { name: 'AWS_ACCESS_KEY_ID', value: made('aws.keyId') },
    { name: 'AWS_SECRET_ACCESS_KEY', value: made('aws.secretKey') },
  ]
  t.strictSame(found(t, { kubeconfig: exec(env) }), ['kubeconfig certain aws-access-key'])
})

await t.test('many sections without a login cost no more than one', async (t) => {
  // A MiB: were each section to look through all that comes after it, this would not end.
  const sections = 'users:\n'.repeat(2 ** 20 / 7)
  t.strictSame(found(t, { value: `kind: Config\nclusters: []\n${sections}` }), [])
  const last = `${sections}- user: { token: ${jwt} }\n`
  t.match(found(t, { value: `kind: Config\nclusters: []\n${last}` }), [/kubeconfig-token/], 'and the last one is read')
})
