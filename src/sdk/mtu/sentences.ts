import type { MtuFault } from './fault.ts'
import type { MtuSetting } from './setting.ts'

/** What a setting is found to be, with its numbers, and what to type instead. */
export function sentences(
  { cni, key, automatic, implied }: MtuSetting,
  mtu: number,
  { reason, limit, because }: MtuFault,
): { readonly message: string; readonly fix: string } {
  const what = implied ? `${cni}: without ${key} pods get ${mtu}` : `${cni}: ${key} is ${mtu}`
  const number = `set ${key} to ${limit}`
  const automatically = automatic ? ', or leave it to the CNI' : ''
  const restart = '; then restart the CNI and the pods'
  switch (reason) {
    case 'exceeds-underlay':
    case 'exceeds-weave':
      return { message: `${what}; at most ${limit} fits = ${because}`, fix: `${number}${automatically}${restart}` }
    case 'exceeds-1500':
      return {
        message: `${what}; on a link of 1500 at most ${limit} fits = ${because}`,
        fix: `${number}${automatically}${restart}; on wider links set the parameter underlayMtu`,
      }
    case 'path-mtu':
      return { message: `${what}, more than ${limit} of the path (${because})`, fix: `${number}${restart}` }
    case 'too-small':
      return { message: `${what}, less than the ${limit} of ${because}`, fix: `${number} or more${automatically}` }
    case 'double-subtract':
      return {
        message: `${what} = ${because}, and ${cni} takes the headers off once more`,
        fix: `${number}, the MTU of the link${automatically}`,
      }
    case 'not-auto':
      return { message: `${what}, a fixed number`, fix: `leave ${key} out, or 0: ${cni} finds the MTU itself` }
  }
}
