import fc from 'fast-check'
import t from 'tap'
import { cloudRegistry, hostOfServer, parseImage } from '../../src/sdk/images.ts'
import { unknown } from '../../src/sdk/inventory.ts'

const sum = `sha256:${'0123456789abcdef'.repeat(4)}`

t.test('a reference as the container runtimes read it', async (t) => {
  const cases: readonly (readonly [
    image: string,
    host: string,
    repository: string,
    tag?: string | undefined,
    digest?: string,
  ])[] = [
    ['nginx', 'docker.io', 'library/nginx'],
    ['nginx:1.27', 'docker.io', 'library/nginx', '1.27'],
    ['grafana/loki:3', 'docker.io', 'grafana/loki', '3'],
    ['docker.io/nginx', 'docker.io', 'library/nginx'],
    ['index.docker.io/a/b', 'docker.io', 'a/b'],
    ['localhost/web', 'localhost', 'web'],
    ['registry:5000/web', 'registry:5000', 'web'],
    ['registry:5000/team/web:1', 'registry:5000', 'team/web', '1'],
    ['Registry/web', 'registry', 'web'],
    ['ghcr.io/a/b/c:v1.2_x', 'ghcr.io', 'a/b/c', 'v1.2_x'],
    [`quay.io/web@${sum}`, 'quay.io', 'web', undefined, sum],
    [`quay.io/web:1@${sum}`, 'quay.io', 'web', '1', sum],
    ['[::1]:5000/web:1', '[::1]:5000', 'web', '1'],
    [' nginx ', 'docker.io', 'library/nginx'],
  ]
  for (const [image, host, repository, tag, digest] of cases)
    t.strictSame(parseImage(image), { host, repository, tag, digest }, image)
})

t.test('what is no reference', async (t) => {
  for (const image of [
    '',
    ':1',
    'Nginx',
    'a//b',
    'quay.io/',
    'web:',
    'web:1:2',
    'web@sha256:12',
    'a/B',
    `${'a'.repeat(256)}`,
  ])
    t.equal(parseImage(image), undefined, image)
  for (const image of [undefined, null, 1, {}, ['nginx']]) t.equal(parseImage(image), undefined)
})

t.test('a variable hides what it may hold, and no more', async (t) => {
  const cases: readonly (readonly [image: string, ...parts: readonly (string | typeof unknown | undefined)[]])[] = [
    ['${IMAGE}', unknown, unknown, unknown, unknown],
    ['${IMAGE}:1.2', unknown, unknown, '1.2', undefined],
    ['${REGISTRY}/web:1.2', unknown, unknown, '1.2', undefined],
    ['${REGISTRY:-ghcr.io/a}/web', unknown, unknown, undefined, undefined],
    ['${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/web', unknown, unknown, undefined, undefined],
    ['ghcr.io/${TEAM}/web', 'ghcr.io', unknown, undefined, undefined],
    ['ghcr.io/web:${TAG}', 'ghcr.io', 'web', unknown, unknown],
    ['ghcr.io/web:1-${TAG}', 'ghcr.io', 'web', unknown, unknown],
    ['ghcr.io/web:${MAJOR}.2', 'ghcr.io', 'web', unknown, undefined],
    ['ghcr.io/${NAME}', 'ghcr.io', unknown, unknown, unknown],
    ['web:${TAG}', 'docker.io', 'library/web', unknown, unknown],
    ['ghcr.io/web@${DIGEST}', 'ghcr.io', 'web', undefined, unknown],
    [`ghcr.io/web:\${TAG}@${sum}`, 'ghcr.io', 'web', unknown, sum],
  ]
  for (const [image, host, repository, tag, digest] of cases)
    t.strictSame(parseImage(image), { host, repository, tag, digest }, image)
})

t.test('the hosts of clouds', async (t) => {
  const account = '111122223333'
  const ecr = (region: string) => ({ cloud: 'AWS', account, region, public: false })
  const cases: readonly (readonly [host: string, registry: object | undefined])[] = [
    [`${account}.dkr.ecr.eu-west-1.amazonaws.com`, ecr('eu-west-1')],
    [`${account}.DKR.ecr.eu-west-1.amazonaws.com:443`, ecr('eu-west-1')],
    [`${account}.dkr.ecr-fips.us-gov-west-1.amazonaws.com`, ecr('us-gov-west-1')],
    [`${account}.dkr.ecr.cn-north-1.amazonaws.com.cn`, ecr('cn-north-1')],
    [`${account}.dkr-ecr.eu-west-1.on.aws`, ecr('eu-west-1')],
    [`${account}.dkr.ecr.eusc-de-east-1.amazonaws.eu`, ecr('eusc-de-east-1')],
    ['public.ecr.aws', { cloud: 'AWS', public: true }],
    ['gcr.io', { cloud: 'Google Cloud', public: false }],
    ['eu.gcr.io', { cloud: 'Google Cloud', public: false }],
    ['europe-west1-docker.pkg.dev', { cloud: 'Google Cloud', public: false }],
    ['team.azurecr.io', { cloud: 'Azure', public: false }],
    ['team-b1c2d3e4f5a6b7c8.azurecr.io', { cloud: 'Azure', public: false }],
    ['team.azurecr.cn', { cloud: 'Azure', public: false }],
    ['11112222333.dkr.ecr.eu-west-1.amazonaws.com', undefined],
    [`${account}.dkr.ecr.eu-west-1.amazonaws.com.example.com`, undefined],
    [`x${account}.dkr.ecr.eu-west-1.amazonaws.com`, undefined],
    ['a.b.gcr.io', undefined],
    ['team.data.azurecr.io', undefined],
    ['azurecr.io', undefined],
    ['docker.io', undefined],
    ['quay.io', undefined],
    ['', undefined],
  ]
  for (const [host, registry] of cases) t.strictSame(cloudRegistry(host), registry, host)
})

t.test('the server of a credential', async (t) => {
  for (const [server, host] of [
    ['https://index.docker.io/v1/', 'index.docker.io'],
    ['https://Team.azurecr.io', 'team.azurecr.io'],
    ['gcr.io/project', 'gcr.io'],
    ['registry:5000', 'registry:5000'],
    ['', ''],
  ] as const)
    t.equal(hostOfServer(server), host, server)
})

t.test('any text is read in linear time, and nothing throws', async () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'A', '.', ':', '/', '@', '-', '_', '${', '}', '1') }),
      (text) => {
        parseImage(text)
        cloudRegistry(text)
        return true
      },
    ),
  )
  // Eight megabytes of each: whatever grew faster than the text would not end.
  for (const part of ['a-', 'a_', 'a/', '${', '.', ':', '@', 'a.']) {
    parseImage(part.repeat(2 ** 19))
    parseImage(`x@${part.repeat(2 ** 19)}`)
    cloudRegistry(part.repeat(2 ** 19))
  }
})
