/** A tree of two files: a kustomization in `root`, and an object. */
interface WordTree {
  readonly name: string
  readonly files: { readonly [path: string]: string }
}

/** Plain scalars that YAML 1.1, YAML 1.2 and the two readers of kustomize take for different things. */
const scalars = [
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON', 'n', 'N', 'no', 'No', 'NO', 'off', 'Off', 'OFF'],
  ...['true', 'True', 'TRUE', 'tRUE', 'False', '~', 'null', 'NULL', '"on"', "'no'", '!!str on'],
  ...['0777', '-0777', '014', '0o17', '0O17', '+0o17', '08', '1_000', '_1', '1__0', '0_7', '0x1F', '0x_1F', '0b11'],
  ...['+1', '-0', '1:30', '12:30:45', '1e3', '1E3', '1.e5', '1.', '.5', '.5_0', '1e400', '1.10', '0x', '=', '-x'],
  ...['2020-01-01', '2020-1-1', '2020-02-30', '2020-13-01', '20201-01-01', '"2020-01-01"', '2020-01-01x'],
  ...['2020-01-01T00:00:00Z', '2001-12-14t21:59:43.10-05:00', '2020-01-01T10:00:00', '2020-01-01 1:2:3.400'],
  ...['2020-01-01T1:2:3,5+00:00', '2020-01-01T24:00:00Z', '2020-01-01T10:00:00+14:00', '2020-01-01  10:00:00'],
  ...['9007199254740993', '9223372036854775807', '18446744073709551616', '123456789012345678901234567890'],
]

const widget = (spec: string) => `apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: custom}\nspec:\n${spec}`
const plain = widget('  v0: x\n')
const all = widget(scalars.map((text, index) => `  v${index}: ${text}\n`).join(''))
// Numbers of a JSON patch are doubles on their way through kustomize.
const operations = scalars
  .filter((text) => !/^\d{16,19}$/.test(text))
  .map((text, index) => `    - op: add\n      path: /spec/v${index}\n      value: ${text}\n`)
  .join('')
const indented = (text: string, by: string) => text.trimEnd().replace(/^/gm, by)

const tree = (name: string, object: string, kustomization = ''): WordTree => ({
  name,
  files: { 'root/kustomization.yaml': `resources: [a.yaml]\n${kustomization}`, 'root/a.yaml': object },
})
const ofPlain = (kustomization: string) => tree(kustomization, plain, `${kustomization}\n`)

/** Trees of such words that kubectl builds. */
export const builtWordTrees: readonly WordTree[] = [
  tree('words in an object', all),
  tree('words in a partial object', plain, `patches:\n- patch: |\n${indented(all, '    ')}\n`),
  tree('words in operations', plain, `patches:\n- target: {kind: Widget}\n  patch: |\n${operations}`),
  tree('words as keys', widget('  on: {no: y, yes: [yes, {n: N}]}\n')),
  tree('words in a List', `apiVersion: v1\nkind: List\nitems:\n-\n${indented(all, '  ')}\n`),
  tree(
    'words in a workload',
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, labels: {on: off}}\nspec: {template: {spec: {containers: [{name: on, image: no, args: [yes, 2020-01-01], env: [{name: Y, value: y}]}]}}}\n',
    'images: [{name: "no", newTag: "1.10"}]\n',
  ),
  tree(
    'an octal count',
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 1}\n',
    'replicas: [{name: web, count: 0777}]\n',
  ),
  ofPlain('configMapGenerator: [{name: g, literals: [a=on, b=0777, c=2020-01-01, d=~]}]'),
  ofPlain('labels: [{pairs: {a: 2020-01-01, b: 1e400, c: "on", d: 12:30:45}}]'),
  ofPlain('images: [{name: i, newTag: 2020-01-01}]\nnamePrefix: 2020-01-01'),
]

/** Trees with such words that it refuses. */
export const refusedWordTrees: readonly WordTree[] = [
  ...['0777', '8080', 'true', '2020-01-01'].map((key) => tree(`a key ${key}`, widget(`  ${key}: x\n`))),
  ...['on', '0777', '1.10'].map((value) => ofPlain(`labels: [{pairs: {a: ${value}}}]`)),
  ...['commonAnnotations: {a: 8080}', 'namePrefix: no', 'nameSuffix: 1', 'namespace: on'].map(ofPlain),
  ...['components: [off]', 'replicas: [{name: w, count: on}]', 'replicas: [{name: w, count: "2"}]'].map(ofPlain),
  ...['newTag: 1.10', 'newTag: 0777', 'newName: yes'].map((field) => ofPlain(`images: [{name: i, ${field}}]`)),
  ...['name: g, literals: [on]', 'name: g, literals: [8080]', 'name: off, literals: [a=b]'].map((fields) =>
    ofPlain(`configMapGenerator: [{${fields}}]`),
  ),
]
