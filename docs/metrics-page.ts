import { createMetrics } from '../src/server/metrics.ts'
import { cell } from './rule-page.ts'

const labels = [
  ['`verdict`', '`allowed`', 'nothing that the user is told of'],
  ['', '`warned`, `denied`', 'what the user was told'],
  ['', '`skipped`', 'nothing to judge: a deletion, an object that is being deleted, a status, a request of a node'],
  ['', '`uncovered`', 'a kind that no rule judges'],
  ['', '`overloaded`', 'not judged, answered with 503: more than 64 MiB of bodies had begun, this one first'],
  ['', '`unresolved`', 'a scale of a workload that the inventory does not know (yet)'],
  ['', '`failed`', 'a fault of ours; `onPolicyError` decided'],
  ['', '`invalid`', 'the body was no AdmissionReview that can be answered'],
  [
    '`severity`',
    '`deny`, `warn`, `audit`',
    'what came of a finding after mode and update: under `mode: audit` all are `audit`. What an exemption silences is in `day2_exemptions_total` instead',
  ],
  ['`result`', '`success`, `failure`', 'whether the settings were taken'],
  ['`role`', '`serving`', 'the certificate that the API server is shown'],
  ['', '`authority`', 'the one that issued it, where the Secret has `ca.crt`'],
  ['`operation`', '`CREATE`, `UPDATE`, `DELETE`, `CONNECT`, `other`', 'that of the request'],
  ['`resource`', 'such as `deployments.apps/scale`, `other`', 'as RBAC writes it'],
  ['`rule`', 'such as `compute-pdb-deadlock`', 'the id of a rule'],
]

/** The page of the metrics, from their definitions. */
export function metricsPage(): string {
  const { definitions } = createMetrics({ inventory: () => [], certificates: () => new Map(), now: () => 0 })
  const rows = definitions
    .filter(({ name }) => name.startsWith('day2_'))
    .map(({ name, type, labelNames, help }) => `| \`${name}\` | ${type} | ${labelNames.join(', ')} | ${cell(help)} |`)
  return [
    '# Metrics',
    'Served as `/metrics` on the plain port (8080), in the text format of Prometheus. No label holds the name of an object, a namespace or a user. Beside these there are the metrics of Node itself (`process_*`, `nodejs_*`).',
    ['| metric | type | labels | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n'),
    '## Labels',
    ['| label | value | meaning |', '| --- | --- | --- |', ...labels.map((row) => `| ${row.join(' | ')} |`)].join('\n'),
  ].join('\n\n')
}
