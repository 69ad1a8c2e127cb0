import { readFileSync } from 'node:fs'
import { fastify } from 'fastify'

// What any webhook on this stack must spend at least: parse a review over TLS and allow it.
const [directory = '.', port = '0'] = process.argv.slice(2)
const app = fastify({
  bodyLimit: 8 * 1024 * 1024,
  keepAliveTimeout: 120_000,
  https: { cert: readFileSync(`${directory}/tls.crt`), key: readFileSync(`${directory}/tls.key`) },
})
app.removeAllContentTypeParsers()
app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
  done(null, JSON.parse(String(body)))
})
app.post('/validate', (request) => {
  const { uid } = (request.body as { request: { uid: string } }).request
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, allowed: true } }
})
await app.listen({ host: '127.0.0.1', port: Number(port) })
process.stdout.write('listening\n')
