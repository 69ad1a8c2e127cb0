/** Prints plain data (objects, arrays, strings, numbers, booleans) as YAML in the tree's formatting. */
export function toYaml(value: unknown, indent = ''): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return ' []\n'
    if (value.every((item) => typeof item !== 'object')) return ` [${value.map(scalar).join(', ')}]\n`
    return `\n${value.map((item) => `${indent}- ${toYaml(item, `${indent}  `).trimStart()}`).join('')}`
  }
  if (typeof value !== 'object' || value === null) return ` ${scalar(value)}\n`
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  return `\n${fields.map(([key, field]) => `${indent}${scalar(key)}:${toYaml(field, deeper(field, indent))}`).join('')}`
}

// Items of a list are indented below their key, as fields of an object are.
function deeper(field: unknown, indent: string): string {
  return typeof field === 'object' ? `${indent}  ` : indent
}

function scalar(value: unknown): string {
  if (typeof value !== 'string') return String(value)
  if (plain.test(value) && !reserved.test(value)) return value
  return value.includes("'") ? `"${value.replace(/["\\]/g, '\\$&')}"` : `'${value}'`
}

const plain = /^[A-Za-z][\w./ -]*$/
const reserved = /^(true|false|null|yes|no|on|off|y|n)$/i
