import { chmodSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { firstLine } from '../../src/cli/kustomize.ts'
import type { Report } from '../../src/report/report.ts'
import { day2, day2With } from '../support/day2.ts'

const resources = 'resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: 200m, memory: 64Mi}}'
const deployment = (name: string, container = `{name: web, image: 'web:1', ${resources}}`) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  replicas: 2
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      containers: [${container}]
`
const budget = (name: string, spec: string) =>
  `apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: ${name}}\nspec: {${spec}, selector: {matchLabels: {app: ${name}}}}\n`
const service = (name: string, port: string) =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {selector: {app: ${name}}, ports: [{port: 80, targetPort: ${port}}]}\n`

async function check(dir: string, ...args: string[]) {
  const { code, stdout } = await day2('check', dir, '--output', 'json', ...args)
  // The schema of the report is held by another test.
  const report = JSON.parse(stdout) as Report
  const findings = report.findings
    .filter(({ severity }) => severity !== 'audit')
    .map(({ rule, severity, file, line }) => `${file.slice(dir.length + 1)}:${String(line)} ${severity} ${rule}`)
  return { code, report, findings }
}

t.test('a base, three overlays and a rendered neighbour: no finding that only their mixture would cause', async (t) => {
  const overlay = (name: string, more = '') => ({
    'kustomization.yaml': `resources: [../../base]\nnamespace: shop-${name}\nlabels: [{pairs: {env: ${name}}, includeSelectors: true}]\n${more}`,
  })
  // Rendered by helm template: the same names as the base, with other replicas, other labels, other ports.
  const neighbour = [
    deployment('web', `{name: web, image: 'web:2', ports: [{name: metrics, containerPort: 9}], ${resources}}`)
      .replace('replicas: 2', 'replicas: 5')
      .replaceAll('app: web', 'app: web, release: other'),
    service('web', 'metrics'),
    budget('web', 'minAvailable: 4'),
  ].map((text) => `# Source: other/templates/all.yaml\n${text}`)
  const dir = t.testdir({
    base: {
      'kustomization.yaml': 'resources: [web.yaml]\nconfigMapGenerator: [{name: settings, literals: [a=b]}]\n',
      'web.yaml': [
        deployment(
          'web',
          `{name: web, image: 'web', ports: [{name: http, containerPort: 8080}], envFrom: [{configMapRef: {name: settings}}], ${resources}}`,
        ),
        service('web', 'http'),
        budget('web', 'minAvailable: 1'),
      ].join('---\n'),
    },
    overlays: {
      dev: overlay('dev', 'images: [{name: web, newTag: "1"}]\nreplicas: [{name: web, count: 3}]\n'),
      staging: overlay('staging', 'images: [{name: web, newTag: "1"}]\nnamePrefix: staging-\n'),
      prod: overlay(
        'prod',
        `images: [{name: web, newTag: "1"}]
replicas: [{name: web, count: 6}]
patches:
  - target: {kind: PodDisruptionBudget}
    patch: '[{op: replace, path: /spec/minAvailable, value: 4}]'
`,
      ),
    },
    rendered: { 'all.yaml': neighbour.join('---\n') },
  })
  const { code, report, findings } = await check(dir, '--complete')
  t.strictSame(findings, [])
  t.strictSame(report.problems, [])
  t.equal(code, 0)

  const prod = join(dir, 'overlays', 'prod', 'kustomization.yaml')
  writeFileSync(prod, readFileSync(prod, 'utf8').replace('value: 4', 'value: 6'))
  t.strictSame(
    (await check(dir, '--complete')).findings.sort(),
    [
      'overlays/prod/kustomization.yaml:5 warn compute-pdb-deadlock',
      'overlays/prod/kustomization.yaml:8 deny compute-pdb-deadlock',
    ],
    'and what one of them causes is found',
  )
})

t.test('what an overlay makes of a base is found, where it was written', async (t) => {
  const dir = t.testdir({
    base: {
      'kustomization.yaml': 'resources: [web.yaml, pdb.yaml]\n',
      'web.yaml': deployment('web', "{name: web, image: 'web:1'}"),
      'pdb.yaml': budget('web', 'minAvailable: 1'),
    },
    good: {
      'kustomization.yaml': 'resources: [../base]\npatches: [{path: patch.yaml}]\n',
      'patch.yaml': `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: web, ${resources}}]}}}\n`,
    },
    bad: {
      'kustomization.yaml':
        'resources: [../good]\nnameSuffix: -bad\nreplicas:\n  - name: web\n    count: 1\nimages:\n  - name: web\n    newTag: latest\n',
    },
  })
  t.strictSame((await check(join(dir, 'good'))).findings, [], 'the patch mends it; the base is read, wherever it is')
  const { findings } = await check(dir)
  t.strictSame(findings, [
    'base/pdb.yaml:4 deny compute-pdb-deadlock',
    'bad/kustomization.yaml:5 warn compute-pdb-deadlock',
  ])
})

t.test('where something is not understood, nothing is refused', async (t) => {
  const dir = t.testdir({
    'kustomization.yaml': 'resources: [web.yaml]\ntransformers: [t.yaml]\n',
    'web.yaml': deployment('web', "{name: web, image: 'web:1'}"),
  })
  const { code, report, findings } = await check(dir, '--complete')
  t.equal(code, 0)
  t.ok(findings.includes('web.yaml:10 warn compute-requests-required'))
  t.ok(findings.every((line) => line.includes(' warn ')))
  t.match(report.findings.find(({ rule }) => rule === 'compute-requests-required')?.capped, { from: 'deny' })
  t.match(report.problems, [{ code: 'D2_KUSTOMIZATION', message: /uses transformers/ }])
})

t.test('values of generators are judged and never shown', async (t) => {
  const key = `AKIA${'QWERTYUIOPASDFGH'}`
  const secret = 'canaryCANARYcanaryCANARYcanaryCANARYcana'
  const dir = t.testdir({
    'kustomization.yaml': `configMapGenerator:\n  - name: cloud\n    literals: [AWS_ACCESS_KEY_ID=${key}, AWS_SECRET_ACCESS_KEY=${secret}]\nsecretGenerator:\n  - name: cloud\n    envs: [cloud.env]\n`,
    'cloud.env': `AWS_ACCESS_KEY_ID=${key}\nAWS_SECRET_ACCESS_KEY=${secret}\n`,
  })
  const { findings, report } = await check(dir, '--profile', 'strict')
  t.match(findings, [/^kustomization\.yaml:3 deny identity-configmap-cloud-credentials/])
  const text = (await day2('check', dir, '--verbose', '--profile', 'strict')).stdout
  for (const output of [JSON.stringify(report), text])
    for (const canary of [key, secret, Buffer.from(secret).toString('base64')]) t.notOk(output.includes(canary))
})

t.test('--kustomize: what the own kubectl, or kustomize, makes of each root', async (t) => {
  const dir = t.testdir({
    base: {
      'kustomization.yaml': 'resources: [web.yaml]\n',
      'web.yaml': deployment('web', "{name: web, image: 'web:1'}"),
    },
    one: { 'kustomization.yaml': 'resources: [../base]\nhelmCharts: [{name: x}]\n' },
    two: { 'kustomization.yaml': 'resources: [../base]\n' },
    'alone.yaml': budget('alone', 'maxUnavailable: 0'),
    bin: {},
  })
  // Stands for kubectl: writes the folder that it was asked for into a name, and fails for the other.
  const program = (verb: string, then: string) =>
    `#!/bin/sh\n[ "$1 $2" = "${verb} --" ] || exit 9\ncase "$3" in */two) ${then} ;; esac\n/bin/sed "s/name: web}/name: rendered}/" "$3/../base/web.yaml"\n`
  const install = (name: string, text: string) => {
    writeFileSync(join(dir, 'bin', name), text)
    chmodSync(join(dir, 'bin', name), 0o755)
  }
  // Nothing else is on the PATH but what runs the command under coverage.
  symlinkSync('/usr/bin/env', join(dir, 'bin', 'env'))
  const only = (names: readonly string[]) => day2With({ PATH: join(dir, 'bin') }, 'check', dir, '--kustomize', ...names)

  const failure = 'error: "canary" data map[a:canary] is wrong'
  install('kubectl', program('kustomize', `echo '# Warning: old' >&2; echo '${failure}' >&2; exit 1`))
  const { code, stdout, stderr } = await only([])
  t.equal(code, 2, 'what cannot be rendered is input that cannot be read')
  t.match(stdout, `${join(dir, 'one')} (rendered)`)
  t.match(stdout, /Deployment default\/rendered\n {4}.*one \(rendered\):10:\d+ {2}/)
  t.notMatch(stdout, 'base/web.yaml', 'files are judged only as they land')
  t.match(stdout, /alone\.yaml:4:\d+ {2}deny/, 'what belongs to none is judged as it is')
  t.match(stderr, /two: error: kubectl kustomize fails: "canary" data … \(D2_KUSTOMIZE_FAILED\)\n$/)
  t.notMatch(stderr, 'D2_KUSTOMIZATION)')

  rmSync(join(dir, 'bin', 'kubectl'))
  install('kustomize', program('build', 'exit 0'))
  t.match(await only([]), { code: 1, stdout: /one \(rendered\)/ }, 'kustomize where there is no kubectl')
  rmSync(join(dir, 'bin', 'kustomize'))
  t.match(await day2With({ PATH: join(dir, 'bin') }, 'check', dir, '--kustomize'), {
    code: 2,
    stderr: /^day2: --kustomize needs kubectl or kustomize, and neither is on the PATH[^\n]*\n$/,
  })
  t.match(await day2('check', join(dir, 'alone.yaml'), '--kustomize'), { code: 1, stderr: /D2_NO_KUSTOMIZATION/ })
})

t.test('a finding names the patch that took a value away', async (t) => {
  const overlay = (patches: string) => ({ 'kustomization.yaml': `resources: [../base]\n${patches}` })
  const dir = t.testdir({
    base: { 'kustomization.yaml': 'resources: [web.yaml]\n', 'web.yaml': deployment('web') },
    merge: {
      ...overlay('patches: [{path: less.yaml}]\n'),
      'less.yaml':
        'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      containers:\n        - name: web\n          resources:\n            limits: {memory: null}\n',
    },
    inline: overlay(
      'patches:\n  - target: {kind: Deployment}\n    patch: |\n      - {op: test, path: /spec/replicas, value: 2}\n      - op: remove\n        path: /spec/template/spec/containers/0/resources\n',
    ),
  })
  const ending = (file: string) => `/${file.split('/').slice(-2).join('/')}`
  const told = async (...args: string[]) => {
    const { report } = await check(join(dir, ...args))
    return report.findings.flatMap(({ severity, file, path, related }) =>
      severity === 'deny'
        ? related.flatMap(({ change, ...at }) => [
            `${ending(file)} ${path.slice(-15)} ${change ?? ''} ${ending(at.file ?? '')}:${at.line ?? 0}`,
          ])
        : [],
    )
  }
  t.strictSame(await told('merge'), ['/base/web.yaml s/limits/memory removed /merge/less.yaml:10'])
  const missing = await told('inline')
  t.strictSame(
    missing.map((line) => line.replace(/ \S+\/(requests|limits)\/?\S*| \S*(cpu|memory)/, '')),
    missing.map(() => '/base/web.yaml removed /inline/kustomization.yaml:6'),
  )
  t.ok(missing.length >= 3, 'requests and limits are missing')
  const { stdout } = await day2('check', join(dir, 'merge'))
  t.match(stdout, /removed by \S*less\.yaml:10:\d+/)
})

t.test('what a renderer says of its failure is said without what it quotes', async (t) => {
  for (const [said, shown] of [
    [
      'error: accumulating resources: open /a/b.yaml: no such file or directory\nmore',
      'accumulating resources: open /a/b.yaml: no such file or directory',
    ],
    ['E1124 15:48:41.5   28312 run.go:72] "command failed" err="map[a:b]"', '…'],
    ['E1124 15:48:41.5   28312 run.go:72] "command failed" err=<\n\tno such file: x\n >', 'no such file: x'],
    ['error: literal sources [a=b]: invalid literal source PASSWORD, expected key=value', 'literal sources …'],
    ['error: unable to parse from [patch: "a: b"]', 'unable to parse from …'],
    ['error: what is c2VjcmV0LXZhbHVlLXNlY3JldA0 here', 'what is … here'],
    ['error: git fetch https://user:word@example.com/x failed', 'git fetch https://…@example.com/x failed'],
    ["error: yaml: unknown anchor 'word' referenced", 'yaml: unknown anchor referenced'],
    ['', ''],
  ] as const)
    t.equal(firstLine(said), shown)
})
