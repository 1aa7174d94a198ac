import * as z from 'zod'

const count = z.number().int().nonnegative()

/** A notice that most records of an input lack something: its integration hardly knows their content. */
export const noticeSchema = z.strictObject({
  /** The input's paths, or a name for received messages. */
  input: z.string().min(1).max(1024),
  integration: z.string().min(1).max(1024),
  lacks: z.enum(['type', 'user', 'time', 'sense']),
  records: count,
  /** The number of records that lack it. */
  lacking: count,
})
export type Notice = z.infer<typeof noticeSchema>

/** Whether two notices have the same subject, whatever their counts. */
export const sameNotice = (a: Notice, b: Notice): boolean =>
  a.input === b.input && a.integration === b.integration && a.lacks === b.lacks

const WHAT: Readonly<Record<Notice['lacks'], string>> = {
  type: 'have no event type',
  user: 'name no user',
  time: 'have no time that is understood',
  sense: 'are not understood',
}

const NAME_COLUMNS =
  'Show their events with waybill-agent test, and name their columns (columns: in agent.yml) or let waybill-agent propose write an integration.'

const REMEDY: Readonly<Record<Notice['lacks'], string>> = {
  type: NAME_COLUMNS,
  user: NAME_COLUMNS,
  time: 'waybill-agent check shows whether the column or its format is missing, and what to write.',
  sense: 'See why with waybill-agent test; this may be another format.',
}

/** The text for a person, with the remedy; it begins with the input. */
export const noticeText = (notice: Notice): string => `${notice.input}: ${noticeSentence(notice)}`

export const noticeSentence = ({ integration, lacks, records, lacking }: Omit<Notice, 'input'>): string =>
  `of ${records} records read with ${integration}, ${lacking} ${WHAT[lacks]}. ${REMEDY[lacks]}`
