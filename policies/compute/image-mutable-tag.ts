import { parseImage } from '../../src/sdk/images.ts'
import { unknown } from '../../src/sdk/inventory.ts'
import { podKinds } from '../../src/sdk/kinds.ts'
import { brief } from '../../src/sdk/names.ts'
import { containersOf, podSpecOf } from '../../src/sdk/pod-specs.ts'
import { definePolicy, unresolved } from '../../src/sdk/policy.ts'
import { yaml } from '../../src/sdk/snippet.ts'
import { isVariable } from '../../src/sdk/variables.ts'

const resources = `resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } }`
const container = (fields: string) => `{ name: web, ${resources}, ${fields} }`
const deployment = (fields: string) =>
  `{ kind: Deployment, spec: { template: { spec: { containers: [${container(fields)}] } } } }`
const digest = 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'

export default definePolicy({
  id: 'compute-image-mutable-tag',
  summary: 'An image that nodes keep has a tag or a digest that stays what it is.',
  signatures: ['crash-loop'],
  since: '0.1.0',
  on: podKinds,
  reads: [],
  sources: [
    'https://kubernetes.io/docs/concepts/containers/images/#image-pull-policy',
    'kubernetes/pkg/apis/core/v1/defaults.go SetDefaults_Container',
  ],
  reasons: {
    latest: {
      baseline: 'audit',
      strict: 'warn',
      why: 'Each node keeps the image that it pulled first under this name: a pod that moves may run older or newer code than its siblings, and a rollback brings nothing back.',
      snippet: yaml`image: ${{ image: 'registry.example.com/web:1.4.2' }} # a version in place of latest, or @sha256:…
imagePullPolicy: IfNotPresent`,
    },
  },
  examples: {
    passes: [
      {
        name: 'a version',
        object: deployment(`image: "registry.example.com/web:1.4.2", imagePullPolicy: IfNotPresent`),
      },
      {
        name: 'a digest, whatever the tag says',
        object: deployment(`image: "registry.example.com/web:latest@${digest}", imagePullPolicy: Never`),
      },
      {
        name: 'latest without a policy: the API server makes it Always',
        object: deployment(`image: "registry.example.com/web:latest"`),
      },
      { name: 'latest, pulled each time', object: deployment(`image: web, imagePullPolicy: Always`) },
      {
        name: 'the port of a registry is no tag, but there is one',
        object: deployment(`image: "registry.example.com:5000/web:1.4.2", imagePullPolicy: IfNotPresent`),
      },
    ],
    fails: [
      {
        name: 'latest, kept by each node',
        object: deployment(`image: "registry.example.com/web:latest", imagePullPolicy: IfNotPresent`),
        finds: ['latest /spec/template/spec/containers/0/image'],
      },
      {
        name: 'no tag means latest, and the port of a registry is none',
        object: `{ kind: Pod, spec: { initContainers: [{ name: migrate, ${resources}, image: "registry.example.com:5000/migrate", imagePullPolicy: IfNotPresent }], containers: [${container('image: web, imagePullPolicy: Never')}] } }`,
        finds: ['latest /spec/containers/0/image', 'latest /spec/initContainers/0/image'],
      },
      {
        name: 'what a variable holds is not known',
        object: deployment('image: "registry.example.com/web:${TAG}", imagePullPolicy: IfNotPresent'),
        frontEnd: 'check',
        finds: ['unresolved value'],
      },
    ],
  },
  *check({ kind, object }) {
    const view = podSpecOf(kind, object)
    if (!view) return
    for (const { container, path, name, class: role } of containersOf(view)) {
      const { image, imagePullPolicy } = container
      // A debugging container is made by hand, and gone with its pod.
      if (role === 'ephemeral' || (imagePullPolicy ?? 'Always') === 'Always') continue
      const reference = parseImage(image)
      if (!reference || (reference.digest !== undefined && reference.digest !== unknown)) continue
      if (reference.tag === unknown || reference.digest === unknown || isVariable(imagePullPolicy)) {
        yield unresolved('value')
        continue
      }
      if ((reference.tag ?? 'latest') !== 'latest' || !keeps.has(imagePullPolicy)) continue
      yield {
        reason: 'latest',
        path: `${path}/image`,
        message: `container ${name} runs ${brief(String(image), 64)} with imagePullPolicy ${String(imagePullPolicy)}`,
        fix: 'name a version tag or a digest, or set imagePullPolicy: Always',
        values: { image: `${String(image).replace(/:latest$/, '')}:<version>` },
      }
    }
  },
})

const keeps: ReadonlySet<unknown> = new Set(['IfNotPresent', 'Never'])
