import type { CoverageShape } from '../../schema/api/index.ts'
import { AGGREGATE_LIMITS } from '../../schema/index.ts'
import type { Events } from '../accounts/index.ts'
import { withoutOwnReads } from '../query/index.ts'
import { listText, type Span } from './asked.ts'
import type { ControlBook } from './controls.ts'
import type { BookReport } from './report-book.ts'

/** A report that was made, as far as coverage must know it. */
export interface MadeReport {
  readonly job: string
  readonly report: string
  readonly at: number
  readonly complete: boolean
  readonly rows: number
  readonly period: Span
}

const DAY = 86_400_000

/** How many days of a period reports cover together, with at least one event each. */
function daysOf(span: Span, reports: readonly Pick<MadeReport, 'period'>[]): number {
  const parts = reports
    .map(({ period }) => ({ from: Math.max(period.from, span.from), to: Math.min(period.to, span.to) }))
    .filter(({ from, to }) => from < to)
    .sort((a, b) => a.from - b.from)
  let covered = 0
  let until = span.from
  for (const { from, to } of parts) {
    covered += Math.max(0, to - Math.max(from, until))
    until = Math.max(until, to)
  }
  return covered === 0 ? 0 : Math.max(1, Math.round(covered / DAY))
}

/**
 * Which requirements have evidence in a period. A report that was made covers a requirement if its own period touches this one; if none
 * was made, the events tell whether one could be.
 */
export async function coverageOf(
  span: Span,
  {
    book,
    reports,
    made,
    events,
  }: {
    readonly book: ControlBook
    readonly reports: readonly BookReport[]
    readonly made: readonly MadeReport[]
    readonly events: Pick<Events, 'aggregate'>
  },
): Promise<CoverageShape> {
  const named = new Set(
    book.frameworks.flatMap(({ controls }) =>
      controls.flatMap((one) => one.reports.map(({ report }) => report)),
    ),
  )
  const counts = new Map<string, number>()
  for (const { id, declaration } of reports) {
    if (declaration === null || !named.has(id)) continue
    const { count } = await events.aggregate({
      query: withoutOwnReads(declaration.query.query),
      ...span,
      by: [],
      budget: AGGREGATE_LIMITS.longestBudget,
    })
    counts.set(id, count)
  }
  const lastOf = (report: string) => {
    const own = made
      .filter((one) => one.report === report && one.period.from < span.to && one.period.to > span.from)
      .sort((a, b) => b.at - a.at)[0]
    return own === undefined ? null : { job: own.job, at: own.at, complete: own.complete }
  }
  const titleOf = (id: string): string => reports.find((one) => one.id === id)?.declaration?.title ?? id
  return {
    period: { from: span.from, to: span.to },
    frameworks: book.frameworks.map(({ id, title, version, controls }) => ({
      id,
      title,
      version,
      controls: controls.map(({ control, demands, reports: supporting }) => {
        const own = supporting.map(({ report, support }) => ({
          id: report,
          title: titleOf(report),
          support,
          last: lastOf(report),
        }))
        const events = Math.max(0, ...supporting.map(({ report }) => counts.get(report) ?? 0))
        const days = daysOf(
          span,
          made.filter(({ report, rows }) => rows > 0 && supporting.some((one) => one.report === report)),
        )
        const isMade = days > 0
        const state = isMade
          ? ('evidence' as const)
          : events > 0
            ? ('no-report' as const)
            : ('no-source' as const)
        const whole = Math.round((span.to - span.from) / DAY)
        return {
          control,
          demands,
          state,
          events,
          reports: own,
          lacks:
            state === 'evidence'
              ? days >= whole
                ? null
                : `Reports cover ${days} of ${whole} days.`
              : state === 'no-report'
                ? `No report was made for this period: ${listText(
                    own.map(({ title }) => title),
                    'or',
                  )}.`
                : 'No event of this period would be in its reports: no source reports such events.',
        }
      }),
    })),
  }
}
