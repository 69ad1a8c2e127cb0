/** What a command file exports. The promise resolves to the exit code. */
export interface CommandModule {
  readonly run: (args: string[]) => Promise<number>
}

export interface Command {
  readonly summary: string
  /** Loads the command's file: `check` must not pay for the server, nor the server for the reports. */
  load(): Promise<CommandModule>
}

export const commands: ReadonlyMap<string, Command> = new Map([
  ['audit', { summary: 'check what already runs in a cluster', load: () => import('./audit.ts') }],
  ['certs', { summary: 'issue or inspect the certificate of the webhook', load: () => import('./certs.ts') }],
  ['check', { summary: 'check manifest files, folders or standard input', load: () => import('./check.ts') }],
  ['explain', { summary: 'explain a rule, or a failure and what prevents it', load: () => import('./explain.ts') }],
  ['serve', { summary: 'serve the admission webhook', load: () => import('./serve.ts') }],
])
