/** Which events are recorded: what an operator switches on and off, centrally or on one host. */
export interface EventRule {
  /** An event type (`erp.record.viewed`), or a group of them (`erp.*`, `*`). */
  readonly event: string
  readonly entity?: string | undefined
  readonly user?: string | undefined
  readonly host?: string | undefined
  readonly record: 'on' | 'off'
}

/** What an integration can record, for whoever offers the switches. */
export interface EventCatalogue {
  readonly integration: string
  readonly title: string
  readonly types: readonly {
    readonly id: string
    readonly title: string
    readonly group: string
    readonly mandatory: boolean
    readonly recorded: boolean
  }[]
}
