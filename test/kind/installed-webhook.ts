import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { Cluster } from '../control-plane/cluster.ts'
import { repository } from '../control-plane/repository.ts'
import { waitFor } from '../control-plane/wait.ts'
import { list } from '../e2e/support/namespace.ts'
import { replacements, settingsText, type ServedWebhook } from '../e2e/support/served-webhook.ts'
import { day2 } from '../support/day2.ts'

/** Set: webhooks of the suite are Pods of this image, called through their Service. */
export const imageVariable = 'DAY2_E2E_IMAGE'

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
}

/** Installs manifests/ under a name of its own, with a certificate and settings, and waits until all replicas serve. */
export async function installWebhook(cluster: Cluster, name: string, settings: object): Promise<ServedWebhook> {
  const namespace = `day2-${name}`
  const dir = await mkdtemp(join(tmpdir(), 'day2-installed-'))
  const succeed = async (args: readonly string[], input?: string): Promise<string> => {
    const { code, stdout, stderr } = await cluster.kubectl(args, { timeout: 300_000, ...(input ? { input } : {}) })
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`)
    return stdout
  }
  const objects = renamed(await succeed(['kustomize', join(repository, 'manifests')]), namespace)
  const withSettings = (given: object) =>
    objects.map((object) =>
      object.kind === 'ConfigMap' ? { ...object, data: { 'settings.yaml': settingsText(given) } } : object,
    )
  await succeed(['apply', '-f', '-'], list(withSettings(settings)))

  const issued = await day2('certs', 'issue', '--out', dir, '--name', `day2-admission.${namespace}.svc`)
  if (issued.code !== 0) throw new Error(issued.stderr)
  const files = ['tls.crt', 'tls.key', 'ca.crt'].map((file) => `--from-file=${join(dir, file)}`)
  await succeed(['create', 'secret', 'generic', 'day2-admission-tls', '--namespace', namespace, ...files])
  const caBundle = (await readFile(join(dir, 'ca.crt'))).toString('base64')
  await rm(dir, { recursive: true, force: true })
  await succeed(['rollout', 'status', 'deployment/day2-admission', '--namespace', namespace, '--timeout=240s'])

  const selector = 'app.kubernetes.io/name=day2-admission'
  const logs = spawn(
    cluster.kubectlPath,
    ['logs', '--kubeconfig', cluster.kubeconfig, '--namespace', namespace, '-l', selector, '--tail=-1', '--follow'],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  let output = ''
  logs.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  const pods = async (): Promise<string[]> =>
    (await succeed(['get', 'pods', '--namespace', namespace, '-l', selector, '-o', 'name'])).split('\n').filter(Boolean)
  return {
    clientConfig: { service: { namespace, name: 'day2-admission', path: '/validate', port: 443 }, caBundle },
    log: () => output,
    async metrics() {
      const raw = (pod: string): string =>
        `/api/v1/namespaces/${namespace}/${pod.replace('pod/', 'pods/')}:8080/proxy/metrics`
      const texts = (await pods()).map((pod) => succeed(['get', '--raw', raw(pod)]))
      return (await Promise.all(texts)).join('\n')
    },
    async replaceSettings(fresh) {
      const wanted = replacements(output) + (await pods()).length
      const changed = withSettings(fresh).filter(({ kind }) => kind === 'ConfigMap')
      await succeed(['apply', '-f', '-'], list(changed))
      // The kubelet renews mounted ConfigMaps about once a minute.
      await waitFor('every replica to take the new settings', () => replacements(output) >= wanted)
    },
    async stop() {
      await succeed(['scale', 'deployment/day2-admission', '--namespace', namespace, '--replicas=0'])
      await succeed(['wait', 'pods', '--namespace', namespace, '-l', selector, '--for=delete', '--timeout=120s'])
    },
    async remove() {
      logs.kill()
      await succeed(['delete', '--ignore-not-found', '--wait=false', '-f', '-'], list(objects))
    },
  }
}

/** The objects of manifests/ without the webhook configuration, in a namespace and under cluster-wide names of their own. */
function renamed(text: string, namespace: string): Manifest[] {
  const given = 'day2-admission'
  const rename = (object: Manifest): Manifest => {
    const own = object.metadata.namespace === undefined
    const metadata = { ...object.metadata, ...(own ? { name: namespace } : { namespace }) }
    if (object.kind !== 'ClusterRoleBinding') return { ...object, metadata }
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: namespace }
    const subjects = [{ kind: 'ServiceAccount', name: given, namespace }]
    return Object.assign({ ...object, metadata }, { roleRef, subjects })
  }
  return [...parseAllDocuments(text)]
    .map((document) => document.toJS() as Manifest)
    .filter(({ kind }) => kind !== 'ValidatingWebhookConfiguration')
    .map(rename)
}
