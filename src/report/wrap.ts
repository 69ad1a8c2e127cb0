/** Text in lines of at most 100 characters, the first after a label, the others indented to where it began. */
export function wrap(text: string, label: string, indent: number): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && indent + line.length + 1 + word.length > 100) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
  }
  return label + [...lines, line].join(`\n${' '.repeat(indent)}`)
}
