import t from 'tap'
import { matchesImages } from '../../src/sdk/image-patterns.ts'
import { unknown } from '../../src/sdk/inventory.ts'

t.test('images that a credential provider is asked for', async (t) => {
  const rows: readonly (readonly [string, unknown, ReturnType<typeof matchesImages>])[] = [
    ['*.dkr.ecr.*.amazonaws.com', '111122223333.dkr.ecr.eu-central-1.amazonaws.com/web:1', true],
    ['*.dkr.ecr.*.amazonaws.com', '111122223333.dkr.ecr.eu-central-1.amazonaws.com.cn/web:1', false],
    ['*.azurecr.io', 'team.azurecr.io/web', true],
    ['*.azurecr.io', 'azurecr.io/web', false],
    ['*.azurecr.io', 'a.b.azurecr.io/web', false],
    ['app*.k8s.io', 'app1.k8s.io/web', true],
    ['a*b*c.io', 'aXbYc.io/web', true],
    ['a*b*c.io', 'abXc.io/web', true],
    ['ab*bc.io', 'abc.io/web', false],
    ['registry.example.com:5000', 'registry.example.com:5000/web', true],
    ['registry.example.com', 'registry.example.com:5000/web', false],
    ['registry.example.com/team', 'registry.example.com/team/web', true],
    ['registry.example.com/team', 'registry.example.com/other/web', false],
    ['https://registry.example.com/', 'registry.example.com/web', true],
    ['docker.io', 'nginx', true],
    ['docker.io/library', 'nginx:1', true],
    ['*.azurecr.io', '${REGISTRY}/web', unknown],
    ['registry.example.com/team', 'registry.example.com/${NAME}', unknown],
    ['registry.example.com', 'registry.example.com/${NAME}', true],
    ['*.azurecr.io', 7, false],
  ]
  for (const [pattern, image, expected] of rows)
    t.equal(matchesImages([pattern], image), expected, `${pattern} ${String(image)}`)
})
