/** Rules whose outage the control plane cannot show: the id, why it cannot, and the source that says that it happens. */
export type Unproven = readonly (readonly [rule: string, why: string])[]
