import type { Answer } from '../api/ask.ts'
import { addressOf, ask } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { useZone } from '../frame/preferences.ts'
import { figure } from '../time/format.ts'
import { FORMATS } from './asked.ts'

export type Job = Answer<'getJobs'>['jobs'][number]
export type State = Job['state']

/** The words of states, and the sign of those that mean something good or bad. */
export const STATES: Readonly<Record<State, { readonly word: string; readonly sign: string }>> = {
  waiting: { word: 'Waiting', sign: '' },
  running: { word: 'Being made', sign: '' },
  done: { word: 'Ready', sign: 'ok' },
  failed: { word: 'Failed', sign: 'error' },
  cancelled: { word: 'Cancelled', sign: '' },
}

export const isActive = ({ state }: Pick<Job, 'state'>): boolean => state === 'waiting' || state === 'running'

export function JobState({ job: { state } }: { job: Pick<Job, 'state'> }) {
  const { word, sign } = STATES[state]
  return <span className={`sign ${sign}`}>{word}</span>
}

export function VerdictSign({ job: { verdict } }: { job: Pick<Job, 'verdict'> }) {
  if (verdict === null) return null
  return (
    <span className={`sign ${verdict.complete ? 'ok' : 'warning'}`} title={verdict.sentence}>
      {verdict.complete ? 'complete' : 'incomplete'}
    </span>
  )
}

/** How far a job is, of its rows where their number is known. */
export function JobProgress({ job: { state, progress, title } }: { job: Job }) {
  const { rows, of } = progress
  const isKnown = of !== null && of > 0
  return (
    <div className="job-progress">
      <progress aria-label={`Progress: ${title}`} {...(isKnown && { value: Math.min(rows, of), max: of })} />
      <span className="quiet small">
        {state === 'waiting'
          ? 'It waits for its turn.'
          : isKnown
            ? `${figure(rows)} of ${figure(of)} rows`
            : 'Events are being counted.'}
      </span>
    </div>
  )
}

/** A file of a job. Before the browser downloads it, a session that has ended is signed in again. */
export function FileLink({ job, name, children }: { job: string; name: string; children: string }) {
  const href = addressOf('getJobsIdFilesName', { params: { id: job, name } })
  return (
    <a
      href={href}
      download={name}
      onClick={async (click) => {
        click.preventDefault()
        await ask('getSession', {})
        const link = document.createElement('a')
        link.href = href
        link.download = name
        link.click()
      }}
    >
      {children}
    </a>
  )
}

export const formatsText = (job: Job): string => job.formats.map((format) => FORMATS[format]).join(', ')

/** The zone of the days of most reports; until it is known, the reader's. */
export function useOrganisationZone(): string {
  const own = useZone()
  return useAsk('getReports', {}).data?.zone ?? own
}
