/** While working on a rule: `DAY2_E2E_RULE=network- npm run test:e2e -- policies` tries the rules whose id begins so. */
export function isWanted({ id }: { readonly id: string }): boolean {
  return id.startsWith(process.env['DAY2_E2E_RULE'] ?? '')
}
