import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { commands } from '../src/cli/commands.ts'

const binary = fileURLToPath(new URL('../src/cli/main.js', import.meta.url))

/** The page of the command line: what `--help` really prints. */
export function cliPage(): string {
  return [
    '# Command line',
    'What `day2 --help` and the `--help` of each command print. In the checkout, after `npm run ready`, this makes the command `day2`:',
    '```sh\nalias day2="node $PWD/build/src/cli/main.js"\n```',
    'To install it, bundled into one package without dependencies, and as `kubectl day2`:',
    '```sh\nnpm run bundle && npm install --global "$(npm pack ./dist --silent)"\nln -s "$(command -v day2)" /usr/local/bin/kubectl-day2\n```',
    helpOf(),
    ...[...commands.keys()].map((name) => `## day2 ${name}\n\n${helpOf(name)}`),
  ].join('\n\n')
}

function helpOf(...command: readonly string[]): string {
  const text = execFileSync(process.execPath, [binary, ...command, '--help'], { encoding: 'utf8' })
  return `\`\`\`text\n${text.trimEnd()}\n\`\`\``
}
