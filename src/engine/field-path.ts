import { segmentsOf } from '../sdk/pointer.ts'

/**
 * A JSON pointer as the API server writes a field: `/spec/containers/0/image` is `spec.containers[0].image`, and a key
 * that is no plain word stands in brackets, as in `metadata.annotations[day2-admission.dev/exempt]`.
 */
export function fieldPath(pointer: string): string {
  let path = ''
  for (const segment of segmentsOf(pointer) ?? [pointer]) {
    if (index.test(segment) || !word.test(segment)) path += `[${segment}]`
    else path += path === '' ? segment : `.${segment}`
  }
  return path
}

const index = /^(0|[1-9]\d*)$/
const word = /^[A-Za-z_$][\w$-]*$/
