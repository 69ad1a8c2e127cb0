import { builtWordTrees, refusedWordTrees } from './kustomize-words.ts'

/** Trees of files with one kustomization root, `root`, that both kubectl and we build. */
export interface KustomizeTree {
  readonly name: string
  readonly files: { readonly [path: string]: string }
}

const workload = (kind: string, name: string, more = '') => `apiVersion: apps/v1
kind: ${kind}
metadata: {name: ${name}}
spec:
  replicas: 2
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      serviceAccountName: runner
      priorityClassName: high
      imagePullSecrets: [{name: pull}]
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - {topologyKey: zone, labelSelector: {matchLabels: {app: ${name}}}}
          preferredDuringSchedulingIgnoredDuringExecution:
            - {weight: 1, podAffinityTerm: {topologyKey: zone, labelSelector: {matchLabels: {app: ${name}}}}}
      topologySpreadConstraints:
        - {topologyKey: zone, whenUnsatisfiable: DoNotSchedule, maxSkew: 1, labelSelector: {matchLabels: {app: ${name}}}}
      tolerations: [{key: a, operator: Exists}]
      containers:
        - name: main
          image: registry.example/${name}:1
          ports: [{containerPort: 80}, {containerPort: 53, protocol: UDP}]
          env:
            - {name: A, value: a}
            - {name: B, valueFrom: {configMapKeyRef: {name: config, key: b}}}
            - {name: C, valueFrom: {secretKeyRef: {name: secret, key: c}}}
          envFrom: [{configMapRef: {name: config}}, {secretRef: {name: secret}}]
          volumeMounts: [{name: config, mountPath: /config}, {name: data, mountPath: /data}]
          resources: {requests: {cpu: 100m, memory: 64Mi}}
        - {name: side, image: side@sha256:abcd}
      initContainers: [{name: init, image: 'init:2'}]
      volumes:
        - {name: config, configMap: {name: config}}
        - {name: secret, secret: {secretName: secret}}
        - {name: data, persistentVolumeClaim: {claimName: data}}
        - {name: all, projected: {sources: [{configMap: {name: config}}, {secret: {name: secret}}]}}
${more}`

/** A folder `base` with objects of every kind that kustomize treats in its own way. */
export const baseTree: KustomizeTree['files'] = {
  'base/kustomization.yaml': 'resources: [web.yaml, rest.yaml]\n',
  'base/web.yaml': workload('Deployment', 'web'),
  'base/rest.yaml': [
    workload(
      'StatefulSet',
      'db',
      '  serviceName: db\n  volumeClaimTemplates: [{metadata: {name: v}, spec: {storageClassName: fast}}]\n',
    ),
    'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80, name: http}, {port: 53, protocol: UDP, name: dns}]}\n',
    'apiVersion: v1\nkind: Service\nmetadata: {name: db}\nspec: {clusterIP: None, selector: {app: db}}\n',
    'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config}\ndata: {b: "1"}\n',
    'apiVersion: v1\nkind: Secret\nmetadata: {name: secret}\nstringData: {c: "1"}\n',
    'apiVersion: v1\nkind: Secret\nmetadata: {name: pull}\ntype: kubernetes.io/dockerconfigjson\n',
    'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: runner}\nimagePullSecrets: [{name: pull}]\n',
    'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {storageClassName: fast, volumeName: disk}\n',
    'apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: disk}\nspec: {storageClassName: fast}\n',
    'apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: fast}\nprovisioner: x\n',
    'apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: high}\nvalue: 1\n',
    'apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web}\nspec: {minAvailable: 1, selector: {matchLabels: {app: web}}}\n',
    'apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}\n',
    'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\nspec:\n  ingressClassName: nginx\n  tls: [{secretName: secret}]\n  defaultBackend: {service: {name: web, port: {name: http}}}\n  rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]\n',
    'apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: nginx}\n',
    'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web}\nspec: {podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {matchLabels: {app: db}}}]}], egress: [{to: [{podSelector: {matchLabels: {app: db}}}]}]}\n',
    'apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly}\nspec: {schedule: "0 0 * * *", jobTemplate: {spec: {template: {spec: {serviceAccountName: runner, restartPolicy: Never, containers: [{name: main, image: "job:1", envFrom: [{configMapRef: {name: config}}]}]}}}}}\n',
    'apiVersion: batch/v1\nkind: Job\nmetadata: {name: once}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: "job:1"}]}}}\n',
    'apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent}\nspec: {selector: {matchLabels: {app: agent}}, template: {metadata: {labels: {app: agent}}, spec: {containers: [{name: main, image: agent}]}}}\n',
    'apiVersion: v1\nkind: Pod\nmetadata: {name: lone, labels: {app: lone}}\nspec: {containers: [{name: main, image: "pod:1"}], volumes: [{name: c, configMap: {name: config}}]}\n',
    'apiVersion: admissionregistration.k8s.io/v1\nkind: MutatingWebhookConfiguration\nmetadata: {name: hook}\nwebhooks: [{name: a.b.c, clientConfig: {service: {name: web, namespace: default}}}]\n',
    'apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: custom}\nspec: {list: [{name: a, v: 1}, {name: b}], ref: {name: web}}\n',
  ].join('---\n'),
}

const tree = (name: string, kustomization: string, more: KustomizeTree['files'] = {}): KustomizeTree => ({
  name,
  files: { ...baseTree, 'root/kustomization.yaml': `resources: [../base]\n${kustomization}`, ...more },
})

const merge = (patch: string, target = '') =>
  `patches:\n- patch: |-\n${patch.replaceAll(/^/gm, '    ')}\n${target === '' ? '' : `  target: ${target}\n`}`
const operations = (list: string, target = '{kind: Deployment, name: web}') =>
  `patches:\n- target: ${target}\n  patch: '${list}'\n`
const web = (spec: string) => `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: ${spec}`
const containers = (list: string) => web(`{template: {spec: {containers: ${list}}}}`)
const main = (more: string) => containers(`[{name: main, ${more}}]`)

/** Each thing that a kustomization may say, alone and together. */
export const builtTrees: readonly KustomizeTree[] = [
  ...builtWordTrees,
  tree('nothing', ''),
  tree('namespace', 'namespace: prod\n'),
  tree('prefix and suffix', 'namePrefix: pre-\nnameSuffix: -suf\n'),
  tree('all names', 'namespace: prod\nnamePrefix: pre-\nnameSuffix: -suf\n'),
  tree('labels', 'labels: [{pairs: {team: a, tier: "1"}}]\n'),
  tree('labels of templates', 'labels: [{pairs: {team: a}, includeTemplates: true}]\n'),
  tree('labels of selectors', 'labels: [{pairs: {team: a}, includeSelectors: true}]\n'),
  tree(
    'labels of fields',
    'labels: [{pairs: {team: a}, fields: [{path: spec/made/labels, kind: Widget, create: true}, {path: spec/none, kind: Widget}, {path: spec/template/metadata/labels, group: apps, kind: DaemonSet, create: true}]}]\n',
  ),
  tree('common labels and annotations', 'commonLabels: {team: a}\ncommonAnnotations: {note: "x"}\n'),
  tree('replicas', 'replicas: [{name: web, count: 7}, {name: db, count: 0}]\n'),
  tree('replicas of a prefixed name', 'namePrefix: pre-\nreplicas: [{name: web, count: 7}]\n'),
  tree(
    'images',
    'images: [{name: registry.example/web, newTag: v2}, {name: side, newName: other, newTag: "3"}, {name: init, digest: "sha256:ef"}, {name: job, newName: r.example:5000/job}, {name: pod, newTag: "2", digest: "sha256:12"}]\n',
  ),
  tree(
    'generators',
    'configMapGenerator: [{name: made, literals: [a=1, "b=\\"two\\"", "c=<&>=x"], files: [f.txt, key=f.txt, bin], envs: [e.env]}, {name: plain, literals: [z=1], options: {disableNameSuffixHash: true, labels: {l: m}, annotations: {note: o}, immutable: true}}]\nsecretGenerator: [{name: hidden, literals: [p=q], type: x/y}]\ngeneratorOptions: {labels: {all: them}}\n',
    { 'root/f.txt': 'a text\nof two lines\n', 'root/bin': 'also text', 'root/e.env': '# c\nA=1\n  B=two words \nC\n' },
  ),
  tree(
    'generated and named',
    'namePrefix: pre-\nnamespace: prod\nconfigMapGenerator: [{name: settings, literals: [a=1]}]\nsecretGenerator: [{name: key, literals: [a=1]}]\n' +
      merge(
        main(
          'env: [{name: D, valueFrom: {configMapKeyRef: {name: settings, key: a}}}], envFrom: [{secretRef: {name: key}}]',
        ),
      ),
  ),
  tree(
    'generators of the base, merged',
    'namePrefix: pre-\nresources: [gen]\nconfigMapGenerator: [{name: made, behavior: merge, literals: [b=2, c=3]}, {name: other, behavior: replace, literals: [x=1]}]\n'.replace(
      'resources: [gen]\n',
      '',
    ),
    {
      'base/kustomization.yaml':
        'resources: [web.yaml, rest.yaml]\nconfigMapGenerator: [{name: made, literals: [a=1, b=1]}, {name: other, literals: [y=1], options: {labels: {k: v}}}]\n',
    },
  ),
  tree('merge: one container', merge(main('image: "new:1", resources: {limits: {cpu: 1}}'))),
  tree('merge: a new container first', merge(containers('[{name: added, image: "a:1"}, {name: side, image: "s:1"}]'))),
  tree('merge: environment', merge(main('env: [{name: B, value: plain, valueFrom: null}, {name: Z, value: z}]'))),
  tree('merge: ports with a protocol', merge(main('ports: [{containerPort: 80, protocol: TCP, name: http}]'))),
  tree('merge: ports without', merge(main('ports: [{containerPort: 80, name: http}, {containerPort: 81}]'))),
  tree('merge: ports by number and protocol', merge(main('ports: [{containerPort: 53, protocol: TCP}]'))),
  tree(
    'merge: volumes',
    merge(
      web(
        '{template: {spec: {volumes: [{name: data, emptyDir: {}, persistentVolumeClaim: null}, {name: new, emptyDir: {}}]}}}',
      ),
    ),
  ),
  tree('merge: mounts', merge(main('volumeMounts: [{mountPath: /data, name: other}, {mountPath: /new, name: new}]'))),
  tree('merge: tolerations', merge(web('{template: {spec: {tolerations: [{key: b}]}}}'))),
  tree(
    'merge: spread',
    merge(
      web(
        '{template: {spec: {topologySpreadConstraints: [{topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, maxSkew: 2}, {topologyKey: zone, whenUnsatisfiable: DoNotSchedule, maxSkew: 3}]}}}',
      ),
    ),
  ),
  tree(
    'merge: null',
    merge(
      web('{replicas: null, template: {spec: {affinity: null, volumes: null, containers: [{name: main, env: null}]}}}'),
    ),
  ),
  tree(
    'merge: null of nothing',
    merge(web('{strategy: null, minReadySeconds: 5, template: {spec: {securityContext: {runAsUser: null}}}}')),
  ),
  tree('merge: delete an element', merge(containers('[{name: side, $patch: delete}]'))),
  tree('merge: replace an element', merge(containers('[{name: main, $patch: replace, image: "r:1"}]'))),
  tree('merge: replace a list', merge(containers('[{$patch: replace}, {name: only, image: "o:1"}]'))),
  tree('merge: delete a list', merge(web('{template: {spec: {volumes: [{$patch: delete}]}}}'))),
  tree(
    'merge: replace a map',
    merge(web('{template: {spec: {$patch: replace, containers: [{name: main, image: "n:1"}]}}}')),
  ),
  tree('merge: delete a map', merge(web('{template: {spec: {affinity: {$patch: delete}}}}'))),
  tree(
    'merge: directives in what is new',
    merge(main('lifecycle: {preStop: {$patch: delete, exec: {}}, postStart: {$patch: replace, exec: {command: [a]}}}')),
  ),
  tree('merge: delete an object', merge('apiVersion: v1\nkind: Service\nmetadata: {name: db}\n$patch: delete')),
  tree(
    'merge: a service',
    merge(
      'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: NodePort, ports: [{port: 80, nodePort: 30000}, {port: 443}]}',
    ),
  ),
  tree(
    'merge: a custom object',
    merge(
      'apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: custom}\nspec: {list: [{name: b, v: 2}], more: {x: 1}}',
    ),
  ),
  tree(
    'merge: no selector is replaced',
    merge(
      'apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web}\nspec: {minAvailable: null, maxUnavailable: 1, selector: {matchLabels: {more: x}}}',
    ),
  ),
  tree(
    'merge: by target',
    merge(main('image: "t:1"').replace('name: web', 'name: any'), '{kind: "Deployment|StatefulSet"}'),
  ),
  tree(
    'merge: by label',
    merge(
      'apiVersion: v1\nkind: Pod\nmetadata: {name: any, labels: {x: z}}',
      '{labelSelector: "app in (lone, other)"}',
    ),
  ),
  tree(
    'merge: several documents',
    merge(`${web('{replicas: 9}')}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: lone, annotations: {a: b}}`),
  ),
  tree(
    'merge: names are kept',
    merge(web('{replicas: 3}').replace('name: web', 'name: other, namespace: other'), '{kind: Deployment, name: web}'),
  ),
  tree(
    'merge: a new name',
    `patches: [{target: {kind: Deployment}, options: {allowNameChange: true}, patch: '{apiVersion: apps/v1, kind: Deployment, metadata: {name: renamed}}'}]\n`,
  ),
  tree('merge: the old field', 'patchesStrategicMerge: [p.yaml]\nnamePrefix: pre-\n', {
    'root/p.yaml': web('{replicas: 4}'),
  }),
  tree(
    'operations',
    operations(
      '[{"op":"replace","path":"/spec/replicas","value":5},{"op":"add","path":"/spec/template/spec/containers/-","value":{"name":"last","image":"l:1"}},{"op":"remove","path":"/spec/template/spec/containers/1"},{"op":"add","path":"/spec/template/spec/containers/0/env/0","value":{"name":"FIRST"}},{"op":"add","path":"/metadata/annotations","value":{"a/b":"c"}},{"op":"replace","path":"/metadata/annotations/a~1b","value":"d"}]',
    ),
  ),
  tree(
    'operations: move, copy, test',
    operations(
      '[{"op":"test","path":"/spec/replicas","value":2},{"op":"copy","from":"/spec/template/metadata/labels","path":"/metadata/labels"},{"op":"move","from":"/spec/template/spec/initContainers/0","path":"/spec/template/spec/containers/1"},{"op":"add","path":"/spec/template/spec/containers/-1","value":{"name":"z"}}]',
    ),
  ),
  tree(
    'operations: what is not there is replaced',
    operations('[{"op":"replace","path":"/spec/paused","value":true}]'),
  ),
  tree('operations: in a file, as YAML', 'patches: [{target: {kind: .*Set}, path: ops.yaml}]\n', {
    'root/ops.yaml': '- op: add\n  path: /metadata/labels\n  value: {x: z}\n',
  }),
  tree(
    'operations: annotations that were not there',
    operations('[{"op":"add","path":"/metadata/annotations/example.com~1a","value":"b"}]'),
  ),
  tree(
    'operations: the old field',
    `patchesJson6902: [{target: {version: v1, group: apps, kind: Deployment, name: web}, patch: '[{"op":"remove","path":"/spec/replicas"}]'}]\nnamePrefix: a-\n`,
  ),
  tree(
    'patches in their order',
    `${merge(main('image: "one:1"'))}- target: {kind: Deployment}\n  patch: '[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"two:1"}]'\nimages: [{name: two, newTag: "2"}]\n`,
  ),
  tree('a component', 'components: [../part]\nnamePrefix: pre-\n', {
    'part/kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [extra.yaml]\nreplicas: [{name: web, count: 4}]\nconfigMapGenerator: [{name: part, literals: [a=b]}]\n`,
    'part/extra.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\n',
  }),
  tree(
    'three layers',
    'resources: [../middle]\nnamespace: top\nnamePrefix: c-\nreplicas: [{name: web, count: 5}]\n'.replace(
      'resources: [../middle]\n',
      '',
    ),
    {
      'root/kustomization.yaml': `resources: [../middle]\nnamespace: top\nnamePrefix: c-\nreplicas: [{name: web, count: 5}]\n${merge(main('image: "top:1"'))}`,
      'middle/kustomization.yaml':
        'resources: [../base]\nnamespace: middle\nnamePrefix: b-\nlabels: [{pairs: {layer: middle}, includeSelectors: true}]\n',
    },
  ),
  {
    name: 'one base twice',
    files: {
      ...baseTree,
      'root/kustomization.yaml': 'resources: [../one, ../two]\nnamePrefix: all-\n',
      'one/kustomization.yaml': 'resources: [../small]\nnamePrefix: one-\n',
      'two/kustomization.yaml': 'resources: [../small]\nnamePrefix: two-\n',
      'small/kustomization.yaml': 'resources: [s.yaml]\nconfigMapGenerator: [{name: config, literals: [a=1]}]\n',
      'small/s.yaml': workload('Deployment', 'web'),
    },
  },
  tree('only for tools', 'resources: [../base, local.yaml]\n'.replace('resources: [../base, local.yaml]\n', ''), {
    'root/kustomization.yaml': 'resources: [../base, local.yaml]\n',
    'root/local.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: local, annotations: {config.kubernetes.io/local-config: "true"}}\n',
  }),
]

/** What kustomize refuses. */
export const refusedTrees: readonly KustomizeTree[] = [
  ...refusedWordTrees,
  tree('no object for a patch', merge(web('{replicas: 1}').replace('name: web', 'name: none'))),
  tree('another namespace', merge(web('{replicas: 1}').replace('name: web', 'name: web, namespace: other'))),
  tree('a path that leads nowhere', operations('[{"op":"remove","path":"/spec/none"}]')),
  tree('a failing test', operations('[{"op":"test","path":"/spec/replicas","value":3}]')),
  tree('beyond the list', operations('[{"op":"add","path":"/spec/template/spec/containers/7","value":{}}]')),
  tree('no workload for a count', 'replicas: [{name: none, count: 1}]\n'),
  tree('a map over a list', merge(web('{template: {spec: {containers: {name: main}}}}'))),
  tree('an unknown directive', merge(web('{template: {$patch: remove}}'))),
  tree('nothing to merge with', 'configMapGenerator: [{name: none, behavior: merge, literals: [a=1]}]\n'),
  tree('there already', 'configMapGenerator: [{name: config, literals: [a=1]}]\n'),
  tree('no target', `patches: [{patch: '[{"op":"remove","path":"/spec/replicas"}]'}]\n`),
  tree('no file', 'patches: [{path: none.yaml}]\n'),
  tree('an object twice', '', { 'root/kustomization.yaml': 'resources: [../base, ../base]\n' }),
  tree('a circle', '', {
    'root/kustomization.yaml': 'resources: [../other]\n',
    'other/kustomization.yaml': 'resources: [../root]\n',
  }),
  tree('a literal without a value', 'configMapGenerator: [{name: new, literals: [a]}]\n'),
  tree('a tag that is a number', 'images: [{name: web, newTag: 2}]\n'),
]
