import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { benchmarks } from './benchmarks.ts'
import type { Figure } from './measure.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' } },
})

const chosen = benchmarks.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
if (chosen.length === 0) {
  process.stderr.write(`bench: known are ${benchmarks.map(({ name }) => name).join(', ')}\n`)
  process.exit(2)
}

const machine = `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.versions.node}`
process.stdout.write(`${machine}\n\n`)
const figures: Figure[] = []
for (const benchmark of chosen) {
  process.stdout.write(`${benchmark.name}\n`)
  for (const figure of await benchmark.run()) {
    figures.push(figure)
    process.stdout.write(`  ${line(figure)}\n`)
  }
}
if (values.json) writeFileSync(values.json, `${JSON.stringify({ machine, figures }, null, 2)}\n`)
const missed = figures.filter((figure) => !reached(figure)).map(({ name }) => name)
process.stdout.write(missed.length === 0 ? '\nevery figure reached\n' : `\nmissed: ${missed.join(', ')}\n`)

function line(figure: Figure): string {
  const { name, value, unit, target } = figure
  const sign = target?.better === 'lower' ? '≤' : '≥'
  const goal = target ? `  (${sign} ${target.value}${reached(figure) ? '' : ', missed'})` : ''
  return `${name.padEnd(56)} ${value.toPrecision(3).padStart(9)} ${unit}${goal}`
}

function reached({ value, target }: Figure): boolean {
  if (!target) return true
  return target.better === 'lower' ? value <= target.value : value >= target.value
}
