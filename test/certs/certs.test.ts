import { createPrivateKey, X509Certificate } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createAuthority } from '../../certs/authority.ts'
import { readServed, writeFiles } from '../../certs/directory.ts'
import { factsOf, isSignedInOrder, readChain, readKeyPair } from '../../certs/inspect.ts'
import { issueLeaf } from '../../certs/leaf.ts'
import { weakLeaf } from '../support/weak-leaf.ts'
import { day2 } from '../support/day2.ts'

const now = new Date('2026-11-24T12:00:00Z')
const days = (n: number) => new Date(now.getTime() + n * 86_400_000)
const authority = await createAuthority('test authority', { now, days: 100 })
const leaf = await issueLeaf(authority, { names: ['web.ns.svc', 'web'], ips: ['127.0.0.1', '::1'], now, days: 10 })

t.test('the leaf is what OpenSSL and the API server accept', async (t) => {
  const [certificate] = readChain(leaf.certificate)
  const [ca] = readChain(authority.certificate)
  if (!certificate || !ca) throw new Error('no certificate')
  t.ok(isSignedInOrder([certificate, ca]))
  t.notOk(isSignedInOrder([ca, certificate]))
  t.equal(certificate.checkHost('web.ns.svc'), 'web.ns.svc')
  t.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1')
  t.equal(certificate.checkHost('other.ns.svc'), undefined)
  t.match(factsOf(certificate), {
    subject: 'CN=web.ns.svc',
    issuer: 'CN=test authority',
    names: ['DNS:web.ns.svc', 'DNS:web', 'IP:127.0.0.1', 'IP:0:0:0:0:0:0:0:1'],
    notBefore: new Date('2026-11-24T11:00:00Z'),
    notAfter: days(10),
    keyType: 'rsa',
    authority: false,
  })
  t.strictSame(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1'], 'for servers only')
  t.match(factsOf(ca), { authority: true, notAfter: days(100) })
})

t.test('serial numbers are positive, minimal and never the same', async (t) => {
  const serials = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const made = await issueLeaf(authority, { names: ['a'], now, days: 1 })
      return new X509Certificate(made.certificate).serialNumber
    }),
  )
  t.equal(new Set(serials).size, 8)
  for (const serial of serials) t.match(serial, /^[4-7][0-9A-F]{31}$/)
})

t.test('names that no certificate can carry are refused', async (t) => {
  const issue = (names: string[], ips: string[] = []) => issueLeaf(authority, { names, ips, now, days: 1 })
  await t.rejects(issue(['Web.ns.svc']), { code: 'D2_CERT_NAME' })
  await t.rejects(issue(['a'.repeat(64)]), { code: 'D2_CERT_NAME' })
  await t.rejects(issue(['a'], ['1.2.3']), { code: 'D2_CERT_NAME' })
  const long = `${'a'.repeat(60)}.${'b'.repeat(60)}.svc`
  t.match(factsOf(new X509Certificate((await issue([long])).certificate)).names, [`DNS:${long}`])
})

t.test('a pair that cannot serve is told why', async (t) => {
  const other = await issueLeaf(authority, { names: ['a'], now, days: 1 })
  t.throws(() => readKeyPair(leaf.certificate, other.key, now), { code: 'D2_CERT_KEY_MISMATCH' })
  t.throws(() => readKeyPair(leaf.certificate, leaf.key, days(11)), { code: 'D2_CERT_EXPIRED' })
  t.throws(() => readKeyPair(leaf.certificate, leaf.key, days(-1)), { code: 'D2_CERT_NOT_YET_VALID' })
  t.throws(() => readKeyPair('', leaf.key, now), { code: 'D2_CERT_UNREADABLE' })
  t.throws(() => readKeyPair(leaf.certificate, 'no key', now), { code: 'D2_CERT_KEY_UNREADABLE' })
  t.throws(() => readKeyPair(authority.certificate, authority.key, now), { code: 'D2_CERT_NO_SAN' })
  const weak = weakLeaf(authority)
  t.throws(() => readKeyPair(weak.certificate, weak.key, new Date()), {
    code: 'D2_CERT_WEAK',
    message: /^its key or signature is too weak for TLS \(ERR_SSL_EE_KEY_TOO_SMALL\); issue it with [^\n]+$/,
  })
  const broken = leaf.certificate.replace(/\n[^\n]{20}/, '\nAAAAAAAAAAAAAAAAAAAA')
  t.throws(() => readKeyPair(broken, leaf.key, now), { code: 'D2_CERT_UNREADABLE' })
  t.match(readKeyPair(leaf.certificate + authority.certificate, leaf.key, now).chain, { length: 2 })
})

t.test('certificates with EC keys are read', { skip: !hasOpenssl() }, async (t) => {
  const dir = t.testdir()
  const [key, cert] = [join(dir, 'tls.key'), join(dir, 'tls.crt')]
  execFileSync('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-out', key], { stdio: 'ignore' })
  const request = ['req', '-x509', '-key', key, '-out', cert, '-days', '2', '-subj', '/CN=ec']
  execFileSync('openssl', [...request, '-addext', 'subjectAltName=DNS:ec.ns.svc'], { stdio: 'ignore' })
  const served = await readServed(dir, new Date())
  t.match(served.leaf, { keyType: 'ec', names: ['DNS:ec.ns.svc'] })
})

t.test('files are written whole or not at all', async (t) => {
  const dir = join(t.testdir(), 'new')
  const files = (content: string) => new Map([['tls.key', { content, mode: 0o600 }]])
  await writeFiles(dir, files('one'), false)
  t.equal(statSync(join(dir, 'tls.key')).mode & 0o777, 0o600)
  await t.rejects(writeFiles(dir, files('two'), false), { code: 'D2_CERT_EXISTS', message: /--force/ })
  t.equal(readFileSync(join(dir, 'tls.key'), 'utf8'), 'one')
  await writeFiles(dir, files('two'), true)
  t.equal(readFileSync(join(dir, 'tls.key'), 'utf8'), 'two')
  t.strictSame(readdirSync(dir), ['tls.key'], 'nothing temporary is left')
  await t.rejects(writeFiles(join(dir, 'tls.key'), files('x'), false), {
    code: 'D2_CERT_WRITE',
    message: /EEXIST|ENOTDIR/,
  })
})

t.test('what is served is read as a whole, and its hash follows the content', async (t) => {
  const dir = t.testdir({ 'tls.crt': leaf.certificate, 'tls.key': leaf.key, 'ca.crt': authority.certificate })
  const first = await readServed(dir, now)
  t.strictSame(first.authorityNotAfter, days(100))
  writeFileSync(join(dir, 'tls.crt'), leaf.certificate)
  t.equal((await readServed(dir, now)).hash, first.hash)
  writeFileSync(join(dir, 'ca.crt'), '')
  const second = await readServed(dir, now)
  t.not(second.hash, first.hash)
  t.equal(second.authorityNotAfter, undefined)
  await t.rejects(readServed(join(dir, 'none'), now), { code: 'D2_CERT_MISSING', message: /tls\.crt is missing/ })
  writeFileSync(join(dir, 'tls.key'), 'x')
  await t.rejects(readServed(dir, now), { code: 'D2_CERT_KEY_UNREADABLE', message: /tls\.crt: the private key/ })
})

t.test('day2 certs issue and inspect', async (t) => {
  const dir = t.testdir()
  const args = ['certs', 'issue', '--out', dir, '--name', 'day2-admission.day2-system.svc', '--ip', '127.0.0.1']
  const issued = await day2(...args)
  t.match(issued, { code: 0, stderr: '' })
  const [bundle = ''] = issued.stdout.trim().split('\n').slice(-1)
  t.equal(Buffer.from(bundle, 'base64').toString(), readFileSync(join(dir, 'ca.crt'), 'utf8'))
  t.strictSame(readdirSync(dir).toSorted(), ['ca.crt', 'tls.crt', 'tls.key'], 'the key of the authority is not kept')
  t.equal(createPrivateKey(readFileSync(join(dir, 'tls.key'))).asymmetricKeyType, 'rsa')

  t.match(await day2(...args), { code: 2, stderr: /exists already; --force replaces it \(D2_CERT_EXISTS\)\n$/ })
  t.match(await day2(...args, '--force', '--keep-authority-key'), { code: 0 })
  t.equal(statSync(join(dir, 'ca.key')).mode & 0o777, 0o600)

  const seen = await day2('certs', 'inspect', dir)
  t.match(seen, { code: 0, stderr: '' })
  t.match(seen.stdout, 'DNS:day2-admission.day2-system.svc, IP:127.0.0.1')
  t.match(seen.stdout, '(364 days left)')
  t.match(seen.stdout, 'the chain ends at CN=day2-admission authority in ca.crt')
  t.match(await day2('certs', 'inspect', join(dir, 'tls.crt')), {
    code: 0,
    stdout: /^subject {2}CN=day2-admission\.day2/,
  })

  writeFileSync(join(dir, 'ca.crt'), authority.certificate)
  t.match(await day2('certs', 'inspect', dir), { code: 2, stderr: /did not sign the certificate \(D2_CERT_CHAIN\)/ })
  writeFileSync(join(dir, 'tls.key'), leaf.key)
  t.match(await day2('certs', 'inspect', dir), { code: 2, stderr: /belongs to another certificate/ })
  t.match(await day2('certs', 'inspect', join(dir, 'none')), { code: 2, stderr: /does not exist/ })
})

t.test('wrong usage of certs', async (t) => {
  t.match(await day2('certs', '--help'), { code: 0, stdout: /^Usage/ })
  t.match(await day2('certs'), { code: 2, stderr: /takes "issue"/ })
  t.match(await day2('certs', 'issue'), { code: 2, stderr: /needs --out/ })
  t.match(await day2('certs', 'issue', '--out', 'x'), { code: 2, stderr: /needs --name/ })
  t.match(await day2('certs', 'issue', '--nmae', 'x'), { code: 2, stderr: /no option "--nmae"; did you mean "--name"/ })
  t.match(await day2('certs', 'issue', '--out'), { code: 2, stderr: /--out of day2 certs needs a value/ })
  const days = await day2('certs', 'issue', '--out', 'x', '--name', 'x', '--days', '0')
  t.match(days, { code: 2, stderr: /--days must be a whole number from 1 to 3650/ })
})

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'])
    return true
  } catch {
    return false
  }
}
