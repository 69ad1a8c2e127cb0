import { readFileSync } from 'node:fs'
import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'

// Who may import whom. test/architecture.test.ts holds the whole tree to the same file; here it shows in the editor.
const layers = Object.entries(JSON.parse(readFileSync(new URL('layers.json', import.meta.url), 'utf8')))
const pure = layers.filter(([, layer]) => layer.pure).map(([folder]) => `${folder}/**`)

const impureGlobals = [
  'console',
  'process',
  'performance',
  'crypto',
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
]

export default defineConfig(
  { ignores: ['build/**', 'dist/**', '.tap/**', '**/*.js'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // Policies and what is passed around are records of functions: none of them uses `this`.
      '@typescript-eslint/unbound-method': 'off',
      // Generators that yield nothing are legal policies and watchers; async functions may only satisfy an interface.
      'require-yield': 'off',
      '@typescript-eslint/require-await': 'off',
      'no-restricted-syntax': [
        'error',
        { selector: 'TSEnumDeclaration', message: 'Use a union of strings: enums do not survive type stripping.' },
      ],
    },
  },
  ...layers.map(([folder, layer]) => ({
    files: [`${folder}/**/*.ts`],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns: restrictions(folder, layer) }] },
  })),
  {
    files: pure,
    rules: {
      'no-restricted-globals': [
        'error',
        ...impureGlobals.map((name) => ({ name, message: 'This folder is pure: what it needs is an argument.' })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'This folder reads no clock: `now` is an argument.' },
        { object: 'Math', property: 'random', message: 'This folder is pure: same input, same output.' },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'TSEnumDeclaration', message: 'Use a union of strings: enums do not survive type stripping.' },
        {
          selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
          message: 'This folder reads no clock: `now` is an argument.',
        },
      ],
    },
  },
  {
    files: ['test/**'],
    // tap's `t.test` is awaited by the runner; fakes are async because what they stand for is.
    rules: { '@typescript-eslint/no-floating-promises': 'off' },
  },
)

function restrictions(folder, layer) {
  const packages = layer.packages.map((name) => `${name}(/|$)`)
  const builtin = layer.pure ? [] : ['node:']
  const rules = [
    {
      regex: `^(?!\\.|${[...packages, ...builtin].join('|') || '\\.'})`,
      message: `${folder} imports ${layer.packages.join(', ') || 'no package'} and nothing else from outside (layers.json).`,
      allowTypeImports: true,
    },
  ]
  if (layer.imports.includes('*')) return rules
  const forbidden = [...layers.map(([name]) => name), 'test', 'docs', 'bench']
    .filter((name) => name !== folder && !layer.imports.includes(name))
    .map((name) => name.replace('src/', ''))
  rules.push({
    regex: `^(\\.\\./)+(src/)?(${forbidden.join('|')})/`,
    message: `${folder} imports only from ${layer.imports.join(', ') || 'itself'} (layers.json).`,
  })
  return rules
}
