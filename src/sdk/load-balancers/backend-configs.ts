import { unknown, type Unknown } from '../inventory.ts'
import type { Service } from '../services.ts'
import { memberOf, recordOf, stringOf } from '../shape.ts'
import { annotationOf, type Annotation } from './annotations.ts'

/** The BackendConfigs that a Service names, by port; or why GKE cannot read the annotation. */
export interface BackendConfigs {
  readonly annotation: Annotation
  readonly fault?: string
  /** The name for a port; undefined where the annotation has none. */
  nameFor(port: unknown): string | undefined
}

/**
 * The annotation by which GKE finds the health check of a Service; the present key goes before the beta one
 * (ingress-gce pkg/annotations/service.go GetBackendConfigs). Unknown for a `${VARIABLE}`.
 */
export function backendConfigsOf(service: Service): BackendConfigs | Unknown | undefined {
  const annotation = annotationOf(service, 'cloud.google.com/backend-config', 'beta.cloud.google.com/backend-config')
  if (!annotation) return undefined
  if (annotation.value === unknown) return unknown
  const config = recordOf(parsed(annotation.value))
  const byDefault = member(config, 'default') ?? undefined
  const ports = member(config, 'ports') ?? undefined
  const names = Object.values(recordOf(ports) ?? {})
  const fault = faultOf(config, byDefault, ports, names)
  return {
    annotation,
    ...(fault === undefined ? {} : { fault }),
    nameFor(port) {
      const own = [memberOf(port, 'name'), memberOf(port, 'port')]
        .map((key) =>
          typeof key === 'string' || typeof key === 'number' ? stringOf(memberOf(ports, `${key}`)) : undefined,
        )
        .find((name) => name !== undefined)
      const name = own ?? stringOf(byDefault)
      return name === '' ? undefined : name
    },
  }
}

/** JSON in an annotation; undefined for what is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function faultOf(config: object | undefined, byDefault: unknown, ports: unknown, names: readonly unknown[]) {
  const texts = [byDefault ?? '', ...names].every((name) => typeof name === 'string')
  if (!config || !texts || (ports !== undefined && !recordOf(ports))) return 'no JSON of the form {"default": "name"}'
  const isEmpty = (byDefault ?? '') === '' && names.length === 0
  return isEmpty ? 'JSON with neither default nor ports' : undefined
}

// Go reads keys of JSON whatever their case.
function member(config: { readonly [key: string]: unknown } | undefined, name: string): unknown {
  const key = Object.keys(config ?? {}).find((each) => each.toLowerCase() === name)
  return key === undefined ? undefined : memberOf(config, key)
}
