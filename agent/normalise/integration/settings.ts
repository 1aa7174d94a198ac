import type { SwitchedType } from '../../../schema/index.ts'

/** What an integration can record, for whoever offers the switches. */
export interface EventCatalogue {
  readonly integration: string
  readonly title: string
  readonly types: readonly (SwitchedType & { readonly title: string; readonly group: string })[]
}
