import * as z from 'zod'
import {
  coverageShape,
  PERIODS,
  type ReportShape,
  reportAskedSchema,
  reportPreviewShape,
  reportsShape,
} from '../../../schema/api/index.ts'
import { type Asked, coverageOf, demandAsked, gather, spanOf, type View } from '../../reports/index.ts'
import type { Asker } from '../access.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'
import { timeText } from './asked.ts'

const FIRST_ROWS = 50

/** Which reports there are, a report on the screen, and which requirements have evidence. */
export function reportRoutes(service: Service): Route[] {
  const { reportSources, eventsFor, readings, clock, madeReports } = service
  const viewOf = (asker: Asker): View => ({ events: eventsFor(asker), visibility: asker.visibility })

  return [
    route({
      method: 'GET',
      path: '/v1/reports',
      needs: 'report',
      about: 'The reports that can be made.',
      answers: { 200: json('The reports, by title.', reportsShape) },
      async serve() {
        const { reports, problem } = reportSources.reports()
        const { frameworks } = reportSources.controls()
        return {
          problem,
          zone: reportSources.calendar().zone,
          reports: reports.map(
            ({ id, origin, declaration, problem }): ReportShape => ({
              id,
              title: declaration?.title ?? id,
              about: declaration?.about ?? '',
              origin,
              needs: declaration?.needs ?? [],
              columns: declaration?.rows?.columns ?? [],
              sections: declaration?.findings.map(({ title }) => title) ?? [],
              controls: frameworks.flatMap(({ title, version, controls }) =>
                controls.flatMap(({ control, demands, reports }) =>
                  reports
                    .filter((one) => one.report === id)
                    .map(({ support }) => ({ framework: `${title} ${version}`, control, demands, support })),
                ),
              ),
              problem,
            }),
          ),
        }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/reports/preview',
      needs: 'report',
      about: 'A report for the screen: what all its formats say, and its first rows. It changes nothing.',
      body: reportAskedSchema,
      answers: { 200: json('The report.', reportPreviewShape) },
      async serve({ body, asker }) {
        const now = clock()
        const asked: Asked = {
          id: 'preview',
          makes: 'report',
          ...body,
          requested: { by: asker.name, at: now },
        }
        const view = viewOf(asker)
        const { query } = demandAsked(asked, reportSources, view)
        readings.goesOn(asker, {
          action: 'view',
          did: `looked at the report ${body.report}`,
          entity: { type: 'report', id: body.report },
          payload: { query, from: body.parameters.from, to: body.parameters.to, last: body.parameters.last },
        })
        const gathered = await gather(asked, reportSources, view)
        try {
          const {
            id: _,
            report: _report,
            organisation: _own,
            paper: _paper,
            rows,
            ...shown
          } = gathered.document
          const first: (string | number | null)[][] = []
          if (rows !== null)
            for await (const page of gathered.rows(AbortSignal.timeout(60_000))) {
              first.push(...page.slice(0, FIRST_ROWS - first.length).map(({ cells }) => [...cells]))
              if (first.length >= FIRST_ROWS) break
            }
          return { ...shown, rows: rows === null ? null : { ...rows, first } }
        } finally {
          await gathered.close()
        }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/coverage',
      needs: 'report',
      shows: 'totals',
      about: 'Which requirements of standards have evidence in a period, and which lack a source.',
      query: z.strictObject({
        from: timeText,
        to: timeText,
        last: z
          .enum(PERIODS)
          .optional()
          .describe('In place of from and to: the last such period that is over.'),
      }),
      answers: { 200: json('Each framework with its requirements.', coverageShape) },
      async serve({ query, asker }) {
        const now = clock()
        const { reports } = reportSources.reports()
        const asked = Object.values(query).every((one) => one === undefined)
        return coverageOf(
          spanOf(asked ? { from: 'now-90d', to: 'now' } : query, now, reportSources.calendar().zone),
          {
            book: reportSources.controls(),
            reports,
            made: await madeReports(),
            events: eventsFor(asker),
          },
        )
      },
    }),
  ]
}
