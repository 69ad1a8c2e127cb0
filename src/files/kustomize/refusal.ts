/** What kustomize would refuse, in one sentence that quotes no value; the name of an object is none. */
export class Refusal extends Error {
  /** For want of an object, which may be among those that are not here. */
  readonly absent: boolean

  constructor(message: string, absent = false) {
    super(message)
    this.absent = absent
  }
}
