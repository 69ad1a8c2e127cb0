import { exitCodes, UsageError } from './failure.ts'
import { parseOptions, wholeNumber } from './options.ts'

const help = `Usage: day2 certs issue --out DIR --name SERVICE.NAMESPACE.svc [OPTION]…
       day2 certs inspect DIR|FILE

issue writes ca.crt, tls.crt and tls.key for the webhook, and prints what belongs into caBundle.
  --out DIR               where to write
  --name NAME             DNS name that the API server calls; may be repeated
  --ip ADDRESS            IP address that the API server calls; may be repeated
  --days N                how long the certificate is valid (default 365)
  --force                 replace files that exist
  --keep-authority-key    write ca.key too; whoever holds it can issue certificates that your cluster trusts

inspect shows subject, names, dates and chain, and fails if the certificate cannot serve.
`

/** Issues or inspects the certificate of the webhook. */
export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseOptions('certs', args, {
    out: { type: 'string' },
    name: { type: 'string', multiple: true, default: [] },
    ip: { type: 'string', multiple: true, default: [] },
    days: { type: 'string', default: '365' },
    force: { type: 'boolean', default: false },
    'keep-authority-key': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  })
  const [action, ...rest] = positionals
  if (values.help) {
    process.stdout.write(help)
    return exitCodes.clean
  }
  if (action === 'issue' && rest.length === 0) {
    if (values.out === undefined) throw new UsageError('day2 certs issue needs --out DIR, where it writes the files')
    if (values.name.length === 0)
      throw new UsageError('day2 certs issue needs --name, such as day2-admission.day2-admission.svc')
    const { issue } = await import('./certs-issue.ts')
    return issue({
      directory: values.out,
      names: values.name,
      ips: values.ip,
      days: wholeNumber('days', values.days, { from: 1, to: 3650 }),
      force: values.force,
      keepAuthorityKey: values['keep-authority-key'],
    })
  }
  if (action === 'inspect' && rest.length === 1) {
    const { inspect } = await import('./certs-inspect.ts')
    return inspect(rest[0] ?? '')
  }
  throw new UsageError('day2 certs takes "issue" with options or "inspect" with one directory or file')
}
