import { writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createAuthority } from '../../certs/authority.ts'
import { issueLeaf } from '../../certs/leaf.ts'

/** An object as the tests write it. */
export interface Stored {
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly resourceVersion?: string
    readonly [field: string]: unknown
  }
  readonly [field: string]: unknown
}

/** What to do with a request instead of answering it. The first whose `when` holds is used up. */
export interface Fault {
  readonly when?: 'list' | 'watch' | 'any'
  readonly status?: number
  readonly headers?: { readonly [name: string]: string }
  readonly body?: unknown
  /** Break the connection: at once, or inside the first line of the answer. */
  readonly hangUp?: 'at once' | 'mid-line'
}

// Keys are slow to make, and the servers of one test file may share them.
const tls = issue()

async function issue(): Promise<{ key: string; cert: string; ca: string }> {
  const validity = { now: new Date(), days: 1 }
  const authority = await createAuthority('fake authority', validity)
  const { key, certificate } = await issueLeaf(authority, { names: ['localhost'], ips: ['127.0.0.1'], ...validity })
  return { key, cert: certificate, ca: authority.certificate }
}

interface Watcher {
  readonly response: ServerResponse
  readonly resource: string
}

/**
 * A little API server over HTTPS: collections with resource versions, paged lists from a snapshot, watches with
 * bookmarks, a history that can be compacted. What it serves is its truth; tests compare with it.
 */
export class FakeApiServer {
  readonly requests: string[] = []
  readonly faults: Fault[] = []
  /** Verb and resource, such as `watch nodes`, that get a 403. */
  readonly forbidden = new Set<string>()
  token = 'first'
  ca = ''
  url = ''
  connections = 0
  /** Cuts what is sent into pieces of so many bytes. */
  pieces: number | undefined
  #version = 100
  #compacted = 0
  readonly #kinds = new Map<string, string>()
  readonly #objects = new Map<string, Map<string, Stored>>()
  readonly #history: { version: number; resource: string; type: string; object: Stored }[] = []
  readonly #snapshots = new Map<string, readonly Stored[]>()
  readonly #watchers = new Set<Watcher>()
  #server: Server | undefined

  /** `kinds` are the resources served, with their kinds: `{ '/api/v1/nodes': 'Node' }`. */
  async start(kinds: { readonly [path: string]: string }): Promise<void> {
    for (const [path, kind] of Object.entries(kinds)) this.serve(path, kind)
    const { key, cert, ca } = await tls
    this.ca ||= ca
    const port = this.url ? Number(new URL(this.url).port) : 0
    this.#server = createServer({ key, cert }, (request, response) => {
      this.#answer(request, response)
    })
    this.#server.on('secureConnection', () => this.connections++)
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    // A listening TCP server has an address with a port.
    this.url = `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Breaks every connection and answers no more until `start`. */
  async stop(): Promise<void> {
    const closed = this.#server && once(this.#server, 'close')
    this.#server?.close()
    this.#server?.closeAllConnections()
    this.#watchers.clear()
    await closed
  }

  serve(path: string, kind: string): void {
    this.#kinds.set(path, kind)
    if (!this.#objects.has(path)) this.#objects.set(path, new Map())
  }

  /** Writes a kubeconfig for this server into the folder, and returns its path. */
  kubeconfig(folder: string, user: object = { token: this.token }): string {
    const file = join(folder, 'kubeconfig')
    const cluster = { server: this.url, 'certificate-authority-data': Buffer.from(this.ca).toString('base64') }
    const config = {
      clusters: [{ name: 'fake', cluster }],
      users: [{ name: 'me', user }],
      contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'me' } }],
      'current-context': 'fake',
    }
    writeFileSync(file, JSON.stringify(config))
    return file
  }

  put(path: string, object: Stored): void {
    const store = this.#store(path)
    const key = keyOf(object)
    this.#record(path, store.has(key) ? 'MODIFIED' : 'ADDED', object, (stored) => store.set(key, stored))
  }

  delete(path: string, namespace: string, name: string): void {
    const store = this.#store(path)
    const object = store.get(`${namespace}/${name}`)
    if (object) this.#record(path, 'DELETED', object, () => store.delete(`${namespace}/${name}`))
  }

  truth(path: string): readonly Stored[] {
    return [...this.#store(path).values()]
  }

  /** Forgets the history: watches from before, and pages of lists from before, are Gone. */
  compact(): void {
    this.#compacted = ++this.#version
    this.#history.length = 0
    this.#snapshots.clear()
  }

  bookmark(version = this.#version): void {
    for (const { response, resource } of this.#watchers) {
      const object = { kind: this.#kinds.get(resource), metadata: { resourceVersion: String(version) } }
      this.#send(response, { type: 'BOOKMARK', object })
    }
  }

  /** Sends an event to every watcher as it stands, or ends every watch. */
  sendAll(event: unknown): void {
    for (const { response } of this.#watchers) this.#send(response, event)
  }

  endWatches(how: 'in order' | 'mid-line' = 'in order'): void {
    for (const { response } of this.#watchers) {
      if (how === 'in order') response.end()
      else response.write('{"type":"ADDED","object":{"metadata":{"na', () => response.destroy())
    }
    this.#watchers.clear()
  }

  get watches(): number {
    return this.#watchers.size
  }

  #store(path: string): Map<string, Stored> {
    const store = this.#objects.get(path)
    if (!store) throw new Error(`not served: ${path}`)
    return store
  }

  #record(resource: string, type: string, object: Stored, change: (stored: Stored) => void): void {
    const version = ++this.#version
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } }
    change(stored)
    this.#history.push({ version, resource, type, object: stored })
    for (const watcher of this.#watchers) {
      if (watcher.resource === resource) this.#send(watcher.response, this.#event(resource, type, stored))
    }
  }

  #event(resource: string, type: string, object: Stored): unknown {
    const { apiVersion } = groupVersion(resource)
    return { type, object: { apiVersion, kind: this.#kinds.get(resource), ...object } }
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', this.url)
    const verb = url.searchParams.has('watch') ? 'watch' : 'list'
    const asked = this.#kinds.has(url.pathname) ? verb : 'discovery'
    this.requests.push(`${verb} ${decodeURIComponent(`${url.pathname}${url.search}`)}`)
    const index = this.faults.findIndex(({ when = 'any' }) => when === 'any' || when === asked)
    const fault = index < 0 ? undefined : this.faults.splice(index, 1)[0]
    if (fault) return this.#fail(response, fault)
    if (request.headers.authorization !== `Bearer ${this.token}`) return status(response, 401, 'Unauthorized')
    const resource = url.pathname.split('/').at(-1) ?? ''
    if (this.forbidden.has(`${verb} ${resource}`)) {
      const message = `${resource} is forbidden: User "system:serviceaccount:day2:webhook" cannot ${verb} resource`
      return status(response, 403, message)
    }
    if (!this.#kinds.has(url.pathname)) return this.#discover(response, url.pathname)
    if (verb === 'watch') return this.#watch(response, url)
    this.#list(response, url)
  }

  #fail(response: ServerResponse, { status: code = 500, headers, body, hangUp }: Fault): void {
    if (hangUp === 'at once') return void response.destroy()
    if (hangUp === 'mid-line') {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"kind": "NodeLi', () => response.destroy())
      return
    }
    response.writeHead(code, { 'content-type': 'application/json', ...headers })
    response.end(typeof body === 'string' ? body : JSON.stringify(body ?? { kind: 'Status', code }))
  }

  #discover(response: ServerResponse, path: string): void {
    const served = [...this.#kinds.keys()].map((one) => ({ ...groupVersion(one), name: one.split('/').at(-1) }))
    const ofVersion = served.filter(({ root }) => root === path)
    if (ofVersion.length > 0) return json(response, 200, { kind: 'APIResourceList', resources: ofVersion })
    const ofGroup = served.filter(({ group }) => group && `/apis/${group}` === path)
    if (ofGroup.length > 0) return json(response, 200, { kind: 'APIGroup', versions: ofGroup })
    status(response, 404, 'the server could not find the requested resource')
  }

  #list(response: ServerResponse, url: URL): void {
    const limit = Number(url.searchParams.get('limit') ?? 0) || Infinity
    const token = url.searchParams.get('continue')
    const [version = this.#version, start = 0] = token ? token.split(':').map(Number) : []
    const all = token ? this.#snapshots.get(`${url.pathname}@${version}`) : this.truth(url.pathname)
    const keep = (version: number, objects: readonly Stored[]) =>
      this.#snapshots.set(`${url.pathname}@${version}`, objects)
    if (!all) {
      keep(this.#version, this.truth(url.pathname))
      const fresh = { continue: `${this.#version}:${start}` }
      return json(response, 410, { kind: 'Status', code: 410, reason: 'Expired', metadata: fresh })
    }
    const items = all.slice(start, start + limit)
    const more = start + items.length < all.length
    if (more) keep(version, all)
    const next = {
      continue: `${version}:${start + items.length}`,
      remainingItemCount: all.length - items.length - start,
    }
    const metadata = { resourceVersion: String(version), ...(more ? next : {}) }
    const { apiVersion } = groupVersion(url.pathname)
    json(response, 200, { kind: `${this.#kinds.get(url.pathname)}List`, apiVersion, metadata, items })
  }

  #watch(response: ServerResponse, url: URL): void {
    const from = Number(url.searchParams.get('resourceVersion'))
    response.writeHead(200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' })
    response.flushHeaders()
    if (from < this.#compacted) {
      this.#send(response, { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } })
      response.end()
      return
    }
    const watcher = { response, resource: url.pathname }
    this.#watchers.add(watcher)
    response.once('close', () => this.#watchers.delete(watcher))
    for (const { version, resource, type, object } of this.#history) {
      if (version > from && resource === url.pathname) this.#send(response, this.#event(resource, type, object))
    }
  }

  #send(response: ServerResponse, event: unknown): void {
    const bytes = Buffer.from(`${JSON.stringify(event)}\n`)
    const size = this.pieces ?? bytes.length
    for (let start = 0; start < bytes.length; start += size) response.write(bytes.subarray(start, start + size))
  }
}

function keyOf({ metadata }: Stored): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`
}

/** `/apis/apps/v1/deployments` → group `apps`, version `v1`, apiVersion `apps/v1`, root `/apis/apps/v1`. */
function groupVersion(path: string): { group: string; version: string; apiVersion: string; root: string } {
  const [, root, first = '', second = ''] = path.split('/')
  if (root === 'api') return { group: '', version: first, apiVersion: first, root: `/api/${first}` }
  return { group: first, version: second, apiVersion: `${first}/${second}`, root: `/apis/${first}/${second}` }
}

function status(response: ServerResponse, code: number, message: string): void {
  json(response, code, { kind: 'Status', status: 'Failure', code, message })
}

function json(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
