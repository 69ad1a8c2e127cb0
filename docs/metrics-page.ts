import { createMetrics } from '../src/server/metrics.ts'
import { cell } from './rule-page.ts'

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
  ].join('\n\n')
}
