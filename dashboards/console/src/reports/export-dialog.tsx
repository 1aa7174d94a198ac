import { type FormEvent, useState } from 'react'
import { asked, type Question } from '../events/question.ts'
import { Dialog, DialogEnd } from '../frame/dialog.tsx'
import { go } from '../frame/location.ts'
import { Field } from '../rules/field.tsx'
import { useAct } from '../settings/use-act.ts'
import type { Format } from './asked.ts'
import { FormatField } from './fields.tsx'
import { MailFields, mailOf } from './mail-fields.tsx'

const COLUMNS = {
  shown: 'The columns shown',
  usual: 'The usual columns',
  clockify: 'Those of an export from Clockify',
  strapi: 'Those of an export from Strapi',
} as const
type Columns = keyof typeof COLUMNS

/** An export of a search that is made in the background. */
export default function ExportDialog({
  question,
  columns,
  onClose,
}: {
  readonly question: Question
  /** The columns on the screen. */
  readonly columns: readonly string[]
  readonly onClose: () => void
}) {
  const [which, setWhich] = useState<Columns>('shown')
  const [formats, setFormats] = useState<readonly Format[]>(['csv'])
  const [mail, setMail] = useState<string | null>(null)
  const [complaint, setComplaint] = useState<string | null>(null)
  const act = useAct('getJobs')
  const send = async (submit: FormEvent): Promise<void> => {
    submit.preventDefault()
    setComplaint(formats.length === 0 ? 'Choose at least one format.' : null)
    if (formats.length === 0) return
    const { q, from, to } = asked(question)
    const begun = await act.run('postJobs', {
      body: {
        makes: 'export',
        export: {
          q,
          ...(from !== undefined && { from }),
          ...(to !== undefined && { to }),
          own: question.own,
          order: question.sort === 'oldest' ? 'oldest' : 'newest',
          ...(which === 'shown' && { columns: [...columns] }),
          ...((which === 'clockify' || which === 'strapi') && { preset: which }),
        },
        formats: [...formats],
        ...mailOf(mail),
      },
    })
    if (begun !== null) go(`/reports/jobs/${begun.answer.id}`)
  }
  return (
    <Dialog title="Export as a job" onClose={onClose}>
      <form className="export-form" aria-label="Export" onSubmit={send} noValidate>
        <p className="quiet">
          All events found, made in the background. You can leave this page; a download that breaks goes on
          where it was.
        </p>
        <FormatField formats={formats} onFormats={setFormats} />
        <Field label="Columns" hint="JSON and NDJSON have whole events.">
          <select
            value={which}
            onChange={({ target }) =>
              setWhich((Object.keys(COLUMNS) as Columns[]).find((one) => one === target.value) ?? 'shown')
            }
          >
            {Object.entries(COLUMNS).map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </Field>
        <MailFields mail={mail} onMail={setMail} />
        <DialogEnd sends="Export" busy={act.busy} why={complaint ?? act.problem} onClose={onClose} />
      </form>
    </Dialog>
  )
}
