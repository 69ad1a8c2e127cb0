/** Plans in which we and the control plane once disagreed, by comparison: tried before any random one. */
export const known: { readonly [comparison: string]: readonly unknown[] } = {}
