import type { AdmissionResponse } from '../admission/response.ts'
import { groupOf } from '../sdk/kinds.ts'
import type { Paint } from '../report/paint.ts'
import type { Created } from './as-api-server.ts'

/** What `kubectl apply -f PATH` shows of one object, line for line. */
export function kubectlOutput(
  path: string,
  webhook: string,
  created: Pick<Created, 'apiVersion' | 'kind' | 'name'>,
  { allowed, status, warnings = [] }: AdmissionResponse,
  paint: Paint,
): string {
  const lines = warnings.map((text) => `${paint('yellow', 'Warning:')} ${text}`)
  if (allowed) lines.push(paint('green', `${resourceName(created)} created`))
  else {
    const reason = paint('red', `Error from server (${status?.reason ?? 'Forbidden'}):`)
    lines.push(
      `${reason} error when creating "${path}": admission webhook "${webhook}" denied the request: ${status?.message ?? ''}`,
    )
  }
  return lines.join('\n')
}

// `deployment.apps/web`, and for the core group `secret/web`.
function resourceName({ apiVersion, kind, name }: Pick<Created, 'apiVersion' | 'kind' | 'name'>): string {
  const group = groupOf(apiVersion)
  return `${kind.toLowerCase()}${group === '' ? '' : `.${group}`}/${name}`
}
