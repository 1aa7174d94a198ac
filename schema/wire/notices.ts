import * as z from 'zod'

const count = z.number().int().nonnegative()

/** Most records of an input lack something: its integration hardly knows what is written there. */
export const noticeSchema = z.strictObject({
  /** Its paths, or that it is what is received. */
  input: z.string().min(1).max(1024),
  integration: z.string().min(1).max(1024),
  lacks: z.enum(['type', 'user', 'time', 'sense']),
  records: count,
  /** How many of them. */
  lacking: count,
})
export type Notice = z.infer<typeof noticeSchema>

/** Whether two notices are about the same, however many records they count. */
export const sameNotice = (a: Notice, b: Notice): boolean =>
  a.input === b.input && a.integration === b.integration && a.lacks === b.lacks

const WHAT: Readonly<Record<Notice['lacks'], string>> = {
  type: 'are of no event type',
  user: 'name no user',
  time: 'say no time that is understood',
  sense: 'are not understood',
}

const NAME_COLUMNS =
  'See what becomes of them with waybill-agent test, and name their columns (columns: in agent.yml) or let waybill-agent propose write an integration.'

const REMEDY: Readonly<Record<Notice['lacks'], string>> = {
  type: NAME_COLUMNS,
  user: NAME_COLUMNS,
  time: 'waybill-agent check says whether the column or its format is missing, and what to write.',
  sense: 'See why with waybill-agent test; this may be another format.',
}

/** For a person, with the remedy; what it is about stands before it. */
export const noticeText = (notice: Notice): string => `${notice.input}: ${noticeSentence(notice)}`

export const noticeSentence = ({ integration, lacks, records, lacking }: Omit<Notice, 'input'>): string =>
  `of ${records} records read with ${integration}, ${lacking} ${WHAT[lacks]}. ${REMEDY[lacks]}`
