/**
 * While working on rules: `DAY2_E2E_RULE=network-,storage-class npm run test:e2e -- policies` tries those whose id begins
 * with one of these.
 */
export function isWanted({ id }: { readonly id: string }): boolean {
  return (process.env['DAY2_E2E_RULE'] ?? '').split(',').some((beginning) => id.startsWith(beginning))
}
