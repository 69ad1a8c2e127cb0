/** Plans in which we and the control plane once disagreed, by comparison: tried before any random one. */
export const known: { readonly [comparison: string]: readonly unknown[] } = {
  volumes: [
    // Nothing was said of a claim that a StatefulSet takes up and whose volume is gone.
    {
      nodes: [{ labels: { 'topology.kubernetes.io/zone': 'a' }, state: 'fine' }],
      classes: [{ provisioned: true, waits: true, allowed: [], first: 0 }],
      volumes: [],
      claims: [{ of: 'volume', index: 2 }],
      kind: 'StatefulSet',
      made: [true],
      zones: [],
      by: 'affinity',
      tolerates: false,
    },
  ],
}
