import { createAuthority } from '../../certs/authority.ts'
import { authorityFile, certificateFile, keyFile, writeFiles } from '../../certs/directory.ts'
import { issueLeaf } from '../../certs/leaf.ts'
import { exitCodes } from './failure.ts'

export interface IssueOptions {
  readonly directory: string
  readonly names: readonly string[]
  readonly ips: readonly string[]
  readonly days: number
  readonly force: boolean
  readonly keepAuthorityKey: boolean
}

// An authority whose key is thrown away can sign nothing more, so its long life does no harm; one that is kept must
// outlive the certificates that it renews.
const authorityDays = 3650

/** Makes an authority and a serving certificate, writes them and says what to put into the webhook configuration. */
export async function issue(options: IssueOptions): Promise<number> {
  const now = new Date()
  const authority = await createAuthority('day2-admission authority', { now, days: authorityDays })
  const leaf = await issueLeaf(authority, { names: options.names, ips: options.ips, now, days: options.days })
  const files = new Map([
    [keyFile, { content: leaf.key, mode: 0o600 }],
    [certificateFile, { content: leaf.certificate, mode: 0o644 }],
    [authorityFile, { content: authority.certificate, mode: 0o644 }],
  ])
  if (options.keepAuthorityKey) files.set('ca.key', { content: authority.key, mode: 0o600 })
  await writeFiles(options.directory, files, options.force)

  const end = new Date(now.getTime() + options.days * 86_400_000).toISOString().slice(0, 10)
  process.stdout.write(`Wrote ${[...files.keys()].join(', ')} to ${options.directory}
for ${[...options.names, ...options.ips].join(', ')}, valid until ${end}.

Put this into clientConfig.caBundle of every webhook in the ValidatingWebhookConfiguration:

${Buffer.from(authority.certificate).toString('base64')}
`)
  return exitCodes.clean
}
