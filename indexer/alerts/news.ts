import type { AlertShape, IncidentShape } from '../../schema/api/index.ts'

/** A change of an alert that people may want to know. Its key stays the same after a crash, so a repetition changes nothing. */
export interface News {
  readonly key: string
  readonly kind: 'opened' | 'reopened' | 'resolved'
  readonly at: number
  readonly alert: AlertShape
  /** The incident that the alert belongs to. People get messages about incidents, not about each alert. */
  readonly incident: IncidentShape
}

/** Takes news; they are durable when it resolves. Whether and when people hear of them is its own affair. */
export type TellNews = (news: News) => Promise<void>
