import type { KindInfo } from '../sdk/kinds.ts'
import type { Connection } from './connect.ts'
import { KubeFailure } from './failure.ts'

/**
 * The versions under which the API server serves a resource; empty when none does, so that no such object can exist.
 * A resource that is missing in our version only is there all the same, and must not be taken for empty.
 * @throws KubeFailure
 */
export async function servedVersions(
  connection: Connection,
  info: Pick<KindInfo, 'group' | 'version' | 'resource'>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const versions = info.group ? await versionsOf(connection, info.group, signal) : [info.version]
  const served: string[] = []
  for (const version of versions) {
    const root = info.group ? `/apis/${info.group}/${version}` : `/api/${version}`
    const list = await absentAsUndefined(connection.request(root, { signal }))
    // The shape of meta/v1 APIResourceList.
    const { resources } = (list ?? {}) as { resources?: readonly { name?: string }[] | null }
    if (resources?.some(({ name }) => name === info.resource)) served.push(version)
  }
  return served
}

async function versionsOf(connection: Connection, group: string, signal: AbortSignal): Promise<readonly string[]> {
  const answer = await absentAsUndefined(connection.request(`/apis/${group}`, { signal }))
  // The shape of meta/v1 APIGroup.
  const { versions } = (answer ?? {}) as { versions?: readonly { version?: string }[] | null }
  return (versions ?? []).flatMap(({ version }) => (version ? [version] : []))
}

async function absentAsUndefined(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof KubeFailure && error.code === 'D2_KUBE_NOT_FOUND') return undefined
    throw error
  }
}
