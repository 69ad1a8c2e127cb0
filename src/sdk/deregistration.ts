import type { Exposure } from './exposure.ts'
import { brief, nameOf } from './names.ts'
import { memberOf, stringOf } from './shape.ts'

/** How long a target group goes on sending to a pod that leaves it, and whose target group it is. */
export interface Deregistration {
  readonly seconds: number
  readonly by: string
}

/**
 * The deregistration delay of the AWS target groups whose targets are pods: 300 seconds unless an attribute says
 * otherwise (AWS Load Balancer Controller, annotations of Services and Ingresses). Undefined for any other balancer.
 */
export function deregistrationDelay({ service, ingresses }: Exposure): Deregistration | undefined {
  const own: unknown = service.metadata?.annotations
  if (memberOf(own, `${nlb}nlb-target-type`) === 'ip') {
    return {
      seconds: delayIn(memberOf(own, `${nlb}target-group-attributes`)),
      by: `load balancer ${brief(nameOf(service), 20)}`,
    }
  }
  for (const ingress of ingresses) {
    const above: unknown = ingress.metadata?.annotations
    // What stands on the Service wins.
    const read = (name: string) => memberOf(own, `${alb}${name}`) ?? memberOf(above, `${alb}${name}`)
    if (read('target-type') !== 'ip') continue
    return { seconds: delayIn(read('target-group-attributes')), by: `Ingress ${brief(nameOf(ingress), 20)}` }
  }
  return undefined
}

const nlb = 'service.beta.kubernetes.io/aws-load-balancer-'
const alb = 'alb.ingress.kubernetes.io/'

function delayIn(attributes: unknown): number {
  const [, seconds] =
    /(?:^|,)\s*deregistration_delay\.timeout_seconds=(\d{1,4})\s*(?:,|$)/.exec(stringOf(attributes) ?? '') ?? []
  return seconds === undefined ? 300 : Number(seconds)
}
