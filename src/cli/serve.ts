import { logLevels } from '../server/log.ts'
import { exitCodes, UsageError } from './failure.ts'
import { oneOf, parseOptions, wholeNumber } from './options.ts'
import type { ServeOptions } from './serve-options.ts'

const help = `Usage: day2 serve --cert-dir DIR [OPTION]…
       day2 serve --dev [OPTION]…

Serves the admission webhook over HTTPS (POST /validate), and probes and metrics over plain HTTP
(/livez, /readyz, /metrics).
  --cert-dir DIR       tls.crt and tls.key, as in a Secret of type kubernetes.io/tls; read again when replaced
  --settings FILE      settings; read again when changed
  --port N             port of the webhook (default 8443)
  --probe-port N       port of probes and metrics (default 8080)
  --host ADDRESS       address to listen on (default: all; with --dev 127.0.0.1)
  --kubeconfig FILE    the cluster to follow (default: KUBECONFIG, the Pod's service account, ~/.kube/config)
  --no-inventory       follow no cluster: rules that look at other objects stay unresolved
  --sync-seconds N     how long to stay unready until the cluster is known; then serve without the rest (default 10)
  --drain-seconds N    how long to go on answering after SIGTERM (default 5)
  --log-level LEVEL    debug, info, warn or error (default info; with --dev warn)
  --dev                no cluster needed: issue a certificate, send the examples through the own port, go on serving
`

/** Serves the admission webhook until a signal ends it. */
export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseOptions('serve', args, {
    'cert-dir': { type: 'string' },
    dev: { type: 'boolean', default: false },
    'drain-seconds': { type: 'string', default: '5' },
    help: { type: 'boolean', short: 'h', default: false },
    host: { type: 'string' },
    kubeconfig: { type: 'string' },
    'log-level': { type: 'string' },
    'no-inventory': { type: 'boolean', default: false },
    port: { type: 'string', default: '8443' },
    'probe-port': { type: 'string', default: '8080' },
    settings: { type: 'string' },
    'sync-seconds': { type: 'string', default: '10' },
  })
  if (values.help) {
    process.stdout.write(help)
    return exitCodes.clean
  }
  const [extra] = positionals
  if (extra !== undefined) throw new UsageError(`day2 serve takes options only, not "${extra}"`)
  const port = { from: 0, to: 65_535 }
  const level = values['log-level']
  const options: ServeOptions = {
    port: wholeNumber('port', values.port, port),
    probePort: wholeNumber('probe-port', values['probe-port'], port),
    host: values.host,
    certDir: values['cert-dir'],
    settings: values.settings,
    kubeconfig: values.kubeconfig,
    inventory: !values['no-inventory'],
    syncSeconds: wholeNumber('sync-seconds', values['sync-seconds'], { from: 0, to: 600 }),
    drainSeconds: wholeNumber('drain-seconds', values['drain-seconds'], { from: 0, to: 600 }),
    logLevel: level === undefined ? undefined : oneOf('log-level', level, logLevels),
  }
  if (values.dev) {
    if (options.certDir !== undefined) throw new UsageError('--dev issues its own certificate: leave --cert-dir out')
    const { serveDev } = await import('./serve-dev.ts')
    return serveDev(options)
  }
  if (options.certDir === undefined)
    throw new UsageError('day2 serve needs --cert-dir DIR (day2 certs issue makes one), or --dev')
  const { serve } = await import('./serve-webhook.ts')
  return serve({ ...options, certDir: options.certDir })
}
