import { execFile } from 'node:child_process'
import type { Render } from '../files/kustomize/rendered.ts'
import { UsageError } from './failure.ts'

/**
 * Renders folders with the user's own kubectl, or with kustomize where there is no kubectl.
 * @throws UsageError where there is neither
 */
export function createRender(): Render {
  let commands: readonly Command[] = [
    ['kubectl', 'kustomize'],
    ['kustomize', 'build'],
  ]
  return async (folder) => {
    for (const command of commands) {
      const answer = await run(command, folder)
      if (answer === 'missing') continue
      commands = [command]
      return 'text' in answer ? answer : { failure: `${command.join(' ')} fails: ${answer.failure}` }
    }
    throw new UsageError('--kustomize needs kubectl or kustomize, and neither is on the PATH: install one of them')
  }
}

type Command = readonly [program: string, verb: string]

/** A remote base may have to be fetched first. */
const patience = 120_000
const largest = 512 * 1024 * 1024

function run([program, verb]: Command, folder: string): Promise<Awaited<ReturnType<Render>> | 'missing'> {
  const options = { timeout: patience, maxBuffer: largest, killSignal: 'SIGKILL' } as const
  return new Promise((resolve) => {
    execFile(program, [verb, '--', folder], options, (error, stdout, stderr) => {
      if (!error) resolve({ text: stdout })
      else if (error.code === 'ENOENT') resolve('missing')
      else if (error.killed) resolve({ failure: `it did not end within ${String(patience / 1000)} seconds` })
      else resolve({ failure: firstLine(stderr) || `exit code ${String(error.code)}` })
    })
  })
}

/** What it says of its failure, without what it quotes of the files: that may be a secret. */
export function firstLine(stderr: string): string {
  const lines = stderr.split('\n').map(withoutLogging)
  const line = lines.find((text) => text !== '' && !text.startsWith('# Warning:')) ?? ''
  return line
    .replace(/(literal sources?) .*$/, '$1 …')
    .replace(/\/\/[^/\s@]*@/g, '//…@')
    .replace(/anchor '[^']*'/g, 'anchor')
    .replace(/(?:map\[|\{|\[).*$/, '…')
    .replace(/(?<![\w./-])[\w+/=]{20,}(?![\w./-])/g, (word) => (/\d/.test(word) && /[A-Z]/.test(word) ? '…' : word))
    .slice(0, 400)
}

// kubectl writes `error: …`, or lets its log say `E1124 15:48:41 … "command failed" err=<`, with the error on the next line.
function withoutLogging(line: string): string {
  return line
    .replace(/^(?:error: |[EF]\d{4} .*?\] "command failed" err=[<"]?)/i, '')
    .trim()
    .replace(/^>$/, '')
}
