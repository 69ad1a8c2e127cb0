import fc from 'fast-check'
import t from 'tap'
import { parseSettings } from '../../src/engine/parse-settings.ts'
import { defaultSettings, paramsOf } from '../../src/engine/settings.ts'
import { definePolicy } from '../../src/sdk/policy.ts'

const policy = definePolicy({
  id: 'compute-limit',
  summary: 'A limit.',
  signatures: [],
  since: '0.1.0',
  on: ['Pod'],
  reads: [],
  reasons: { missing: { baseline: 'deny', why: '' }, present: { baseline: 'warn', why: '' } },
  params: {
    mode: { type: 'string', enum: ['require', 'forbid'], default: 'require', description: 'Mode.' },
    most: { type: 'integer', minimum: 1, default: 3, description: 'Most.' },
    keys: { type: 'array', items: { type: 'string' }, default: ['cpu'], description: 'Keys.' },
  },
  examples: { passes: [], fails: [] },
  *check() {},
})

const head = { apiVersion: 'day2-admission.dev/v1alpha1', kind: 'Settings' }
const errorsOf = (value: unknown) => {
  const parsed = parseSettings(value, [policy])
  return 'errors' in parsed ? parsed.errors.map(({ code, path, message }) => `${code} ${path}: ${message}`) : []
}

t.test('a file that says nothing means the defaults', async (t) => {
  t.strictSame(parseSettings(head, [policy]), { settings: defaultSettings })
})

t.test('what the file says goes over the defaults', async (t) => {
  const parsed = parseSettings(
    { ...head, profile: 'strict', rules: { 'compute-limit': { params: { mode: 'forbid' }, severity: 'audit' } } },
    [policy],
  )
  if ('errors' in parsed) throw new Error('errors')
  t.equal(parsed.settings.profile, 'strict')
  t.equal(parsed.settings.mode, 'enforce')
  t.strictSame(paramsOf(policy, parsed.settings), { mode: 'forbid', most: 3, keys: ['cpu'] })
  t.strictSame(paramsOf(policy, defaultSettings), { mode: 'require', most: 3, keys: ['cpu'] })
})

t.test('every mistake is named with its place and what was meant', async (t) => {
  const cases: [object, string[]][] = [
    [
      { profil: 'strict' },
      ['D2_SETTINGS_UNKNOWN_KEY /profil: the settings have no key "profil"; did you mean "profile"?'],
    ],
    [
      { profile: 'strickt' },
      ['D2_SETTINGS_VALUE /profile: profile must be one of baseline, strict; did you mean "strict"?'],
    ],
    [
      { rules: { 'compute-limits': {} } },
      [
        'D2_SETTINGS_UNKNOWN_RULE /rules/compute-limits: no rule is called "compute-limits"; did you mean "compute-limit"?',
      ],
    ],
    [
      { rules: { 'compute-limit': { params: { mod: 'x', most: 0 }, reasons: { mising: 'deny' } } } },
      [
        'D2_SETTINGS_UNKNOWN_KEY /rules/compute-limit/reasons/mising: rules.compute-limit.reasons has no key "mising"; did you mean "missing"?',
        'D2_SETTINGS_UNKNOWN_KEY /rules/compute-limit/params/mod: rules.compute-limit.params has no key "mod"; did you mean "mode"?',
        'D2_SETTINGS_VALUE /rules/compute-limit/params/most: rules.compute-limit.params.most must be >= 1',
      ],
    ],
    [{ maxExemptionDays: 'ten' }, ['D2_SETTINGS_TYPE /maxExemptionDays: maxExemptionDays must be of type integer']],
    [
      { rules: { 'compute-limit': { exemptions: [{ namespaces: ['a'] }] } } },
      ['D2_SETTINGS_MISSING /rules/compute-limit/exemptions/0: rules.compute-limit.exemptions[0] lacks "reason"'],
    ],
    [
      { rules: { 'compute-limit': { exemptions: [{ reason: 'x', until: '2026-13-45' }] } } },
      [
        'D2_SETTINGS_VALUE /rules/compute-limit/exemptions/0/until: rules.compute-limit.exemptions[0].until is no date: write it as 2027-01-31',
      ],
    ],
    [{ kind: 'Setting' }, ['D2_SETTINGS_VALUE /kind: kind must be "Settings"']],
  ]
  for (const [value, errors] of cases) t.strictSame(errorsOf({ ...head, ...value }), errors)
  t.match(errorsOf([]), ['D2_SETTINGS_TYPE : the settings must be of type object'])
  t.match(errorsOf(null), ['D2_SETTINGS_TYPE'])
})

t.test('a mode for namespaces says which', async (t) => {
  t.equal(errorsOf({ ...head, modes: [{ mode: 'audit' }] }).length > 0, true)
  t.strictSame(errorsOf({ ...head, modes: [{ mode: 'audit', namespaces: ['a'] }] }), [])
})

t.test('arbitrary JSON never throws, and is never taken for settings', async () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const parsed = parseSettings(value, [policy])
      if (!('errors' in parsed)) throw new Error('taken')
      if (parsed.errors.length === 0) throw new Error('no error')
    }),
  )
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('profile', 'mode', 'rules', 'modes', '__proto__', 'x'), fc.jsonValue()),
      (value) => {
        parseSettings({ ...head, ...value }, [policy])
      },
    ),
  )
})
