/** A small closed subset of JSON Schema: what a parameter of a policy may be. Default and description are mandatory. */
export type ParamSchema = { readonly description: string } & (
  | {
      readonly type: 'integer' | 'number'
      readonly minimum?: number
      readonly maximum?: number
      readonly default: number
    }
  | { readonly type: 'boolean'; readonly default: boolean }
  | { readonly type: 'string'; readonly enum?: readonly string[]; readonly pattern?: string; readonly default: string }
  | {
      readonly type: 'array'
      readonly items: { readonly type: 'string'; readonly enum?: readonly string[]; readonly pattern?: string }
      readonly default: readonly string[]
    }
  | {
      /** A map from names to lists of names, such as provisioner classes. */
      readonly type: 'object'
      readonly additionalProperties: { readonly type: 'array'; readonly items: { readonly type: 'string' } }
      readonly default: { readonly [name: string]: readonly string[] }
    }
)

export interface ParamSchemas {
  readonly [name: string]: ParamSchema
}

type ValueOf<S> = S extends { readonly enum: readonly (infer E)[] }
  ? E
  : S extends { readonly type: 'integer' | 'number' }
    ? number
    : S extends { readonly type: 'boolean' }
      ? boolean
      : S extends { readonly type: 'string' }
        ? string
        : S extends { readonly type: 'array'; readonly items: { readonly enum: readonly (infer E)[] } }
          ? readonly E[]
          : S extends { readonly type: 'array' }
            ? readonly string[]
            : S extends { readonly type: 'object' }
              ? { readonly [name: string]: readonly string[] }
              : never

/** The values that a policy receives: settings over defaults, validated before the policy ever runs. */
export type Params<S extends ParamSchemas> = { readonly [K in keyof S]: ValueOf<S[K]> }
