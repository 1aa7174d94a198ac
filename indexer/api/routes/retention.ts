import {
  newRetentionSchema,
  type RetentionShape,
  retentionAskedSchema,
  retentionPreviewShape,
  retentionShape,
} from '../../../schema/api/index.ts'
import { type CurrentTable, tableOf, textsOf } from '../../lifecycle/index.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'

/** The retention table: how long events are kept, by category. */
export function retentionRoutes({ lifecycle, retention }: Service): Route[] {
  const answerOf = ({ table, origin, version, changed, earlier }: CurrentTable): RetentionShape => ({
    table: textsOf(table),
    origin,
    version,
    changed,
    earlier: [...earlier],
    warnings: [...lifecycle.warnings],
  })

  return [
    route({
      method: 'GET',
      path: '/v1/retention',
      needs: 'status',
      shows: 'totals',
      about: 'The retention table, and who changed it.',
      answers: { 200: json('The table.', retentionShape) },
      serve: async () => answerOf(retention.current),
    }),
    route({
      method: 'POST',
      path: '/v1/retention/preview',
      needs: 'settings',
      shows: 'totals',
      about: 'What a table would change, and which partitions it would remove. Nothing is saved.',
      body: retentionAskedSchema,
      answers: { 200: json('What it would do.', retentionPreviewShape) },
      async serve({ body }) {
        const table = tableOf(body.table)
        return { table: textsOf(table), ...(await lifecycle.preview(table)) }
      },
    }),
    route({
      method: 'PUT',
      path: '/v1/retention',
      needs: 'settings',
      shows: 'totals',
      about:
        'Saves a table, which counts from now on in place of that of the file; without a table that of the file counts again. Each change is an event of the audit trail.',
      body: newRetentionSchema,
      answers: { 200: json('The table as it is now.', retentionShape) },
      async serve({ body, asker }) {
        const table = body.table === null ? null : tableOf(body.table)
        const current = await retention.save(table, body.version, asker.name)
        await lifecycle.change(current.table, asker)
        return answerOf(retention.current)
      },
    }),
  ]
}
