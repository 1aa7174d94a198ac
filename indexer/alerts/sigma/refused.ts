/** Why a Sigma rule is not imported. */
export class Refused extends Error {
  override name = 'Refused'
  /** The place in the rule that the reason is about. */
  readonly path: readonly (string | number)[]

  constructor(path: readonly (string | number)[], reason: string) {
    super(reason)
    this.path = path
  }
}

export type Path = readonly (string | number)[]
