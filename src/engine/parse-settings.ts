import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { didYouMean } from '../sdk/did-you-mean.ts'
import type { Policy } from '../sdk/policy.ts'
import { listOf, memberOf, recordOf } from '../sdk/shape.ts'
import { endOf } from './exemptions.ts'
import { settingsSchema } from './settings-schema.ts'
import { defaultSettings, type RuleSettings, type Settings } from './settings.ts'

/** What is wrong with a settings file and where. `path` is a JSON pointer; `files` turns it into a line. */
export interface SettingsError {
  readonly code: string
  readonly path: string
  /** One sentence: what is wrong and what to do. */
  readonly message: string
}

export type ParsedSettings = { readonly settings: Settings } | { readonly errors: readonly SettingsError[] }

/** Validates the value of a settings file against the schema of the policies and completes it with the defaults. */
export function parseSettings(value: unknown, policies: readonly Policy[]): ParsedSettings {
  const validate = validatorOf(policies, Object.keys(recordOf(memberOf(value, 'rules')) ?? {}))
  if (!validate(value)) {
    const errors = (validate.errors ?? []).filter((error) => error.keyword !== 'anyOf' && error.keyword !== 'if')
    return { errors: (errors.length > 0 ? errors : (validate.errors ?? [])).map((error) => explain(error)) }
  }
  const dates = impossibleDates(value)
  if (dates.length > 0) return { errors: dates }
  // ajv has just proven the shape; the schema and this type are held together by the settings test.
  const { rules, apiVersion: _apiVersion, kind: _kind, ...rest } = value as Partial<Settings> & RawSettings
  return {
    settings: Object.freeze({
      ...defaultSettings,
      ...rest,
      rules: new Map(Object.entries(rules ?? {})),
    }),
  }
}

interface RawSettings {
  readonly apiVersion: string
  readonly kind: string
  readonly rules?: { readonly [id: string]: RuleSettings }
}

// The last one for each list of policies: settings are read again and again, and name the same rules.
const validators = new WeakMap<readonly Policy[], { readonly names: string; readonly validate: ValidateFunction }>()

function validatorOf(policies: readonly Policy[], rules: readonly string[]): ValidateFunction {
  const names = rules.join()
  const known = validators.get(policies)
  if (known?.names === names) return known.validate
  const ajv = new Ajv({ allErrors: true, strict: true, strictTypes: false, strictRequired: false, verbose: true })
  const validate = ajv.compile(settingsSchema(policies, new Set(rules)))
  validators.set(policies, { names, validate })
  return validate
}

// The schema knows what a date looks like, not which ones there are. An exemption that never counts would go unnoticed.
function impossibleDates(settings: unknown): SettingsError[] {
  return Object.entries(recordOf(memberOf(settings, 'rules')) ?? {}).flatMap(([rule, given]) =>
    listOf(memberOf(given, 'exemptions')).flatMap((exemption, index) => {
      const until = memberOf(exemption, 'until')
      if (typeof until !== 'string' || !Number.isNaN(endOf(until))) return []
      const path = `/rules/${rule}/exemptions/${index}/until`
      return [{ code: 'D2_SETTINGS_VALUE', path, message: `${inWords(path)} is no date: write it as 2027-01-31` }]
    }),
  )
}

function inWords(path: string): string {
  return path
    .slice(1)
    .replaceAll(/\/(\d+)/g, '[$1]')
    .replaceAll('/', '.')
}

function explain(error: ErrorObject): SettingsError {
  const path = error.instancePath
  const at = path === '' ? 'the settings' : inWords(path)
  // The params of ajv's errors are typed as Record<string, any>; each keyword documents its own.
  const params = error.params as { readonly [name: string]: unknown }
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(params['additionalProperty'])
      const isRule = path === '/rules'
      const known = Object.keys(propertiesOf(error.parentSchema))
      const all = isRule ? '; day2 explain lists them' : `; known: ${known.join(', ') || 'none'}`
      const hint = didYouMean(key, known, all)
      return {
        code: isRule ? 'D2_SETTINGS_UNKNOWN_RULE' : 'D2_SETTINGS_UNKNOWN_KEY',
        path: `${path}/${escape(key)}`,
        message: `${isRule ? 'no rule is called' : `${at} ${path === '' ? 'have' : 'has'} no key`} "${key}"${hint}`,
      }
    }
    case 'enum': {
      const allowed = asStrings(params['allowedValues'])
      const hint = typeof error.data === 'string' ? didYouMean(error.data, allowed) : ''
      return { code: 'D2_SETTINGS_VALUE', path, message: `${at} must be one of ${allowed.join(', ')}${hint}` }
    }
    case 'const':
      return { code: 'D2_SETTINGS_VALUE', path, message: `${at} must be "${String(params['allowedValue'])}"` }
    case 'required':
      return {
        code: 'D2_SETTINGS_MISSING',
        path,
        message: `${at} ${path === '' ? 'lack' : 'lacks'} "${String(params['missingProperty'])}"`,
      }
    case 'type':
      return { code: 'D2_SETTINGS_TYPE', path, message: `${at} must be of type ${String(params['type'])}` }
    default:
      return { code: 'D2_SETTINGS_VALUE', path, message: `${at} ${error.message ?? 'is not valid'}` }
  }
}

function propertiesOf(schema: unknown): object {
  if (typeof schema !== 'object' || schema === null || !('properties' in schema)) return {}
  return typeof schema.properties === 'object' && schema.properties !== null ? schema.properties : {}
}

function asStrings(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function escape(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}
