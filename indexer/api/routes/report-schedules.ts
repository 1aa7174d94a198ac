import * as z from 'zod'
import {
  jobShape,
  putScheduleSchema,
  SCHEDULE_TEMPLATES,
  scheduleBodySchema,
  scheduleShape,
  schedulesShape,
} from '../../../schema/api/index.ts'
import { isFull } from '../../accounts/index.ts'
import { Refusal } from '../../refusal.ts'
import type { Asker } from '../access.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'

const TEMPLATES = Object.entries(SCHEDULE_TEMPLATES).map(([id, template]) => ({
  id,
  schedule: scheduleBodySchema.parse(template),
}))
const byId = z.strictObject({ id: scheduleShape.shape.id })

/** The routes for reports that are made again and again. */
export function scheduleRoutes({ schedules, jobs }: Service): Route[] {
  /** Who sees only some events changes only schedules of their own: those of others show more. */
  async function demandOwn(id: string, asker: Asker): Promise<void> {
    const known = await schedules.get(id)
    if (known === null) throw new Refusal('WB-NOT-FOUND', `There is no schedule ${id}.`)
    if (known.by !== asker.name && !isFull(asker.visibility))
      throw new Refusal(
        'WB-FORBIDDEN',
        `The schedule ${id} is of ${known.by}, and your access is limited to some events or fields.`,
        { by: asker.name },
      )
  }

  return [
    route({
      method: 'GET',
      path: '/v1/report-schedules',
      needs: 'report',
      about: 'All schedules of reports, with the next run of each.',
      answers: { 200: json('The schedules.', schedulesShape) },
      async serve() {
        return { schedules: await schedules.list(), templates: TEMPLATES }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/report-schedules/:id',
      needs: 'report',
      about: 'A schedule.',
      params: byId,
      answers: { 200: json('The schedule.', scheduleShape) },
      async serve({ params }) {
        const known = await schedules.get(params.id)
        if (known === null) throw new Refusal('WB-NOT-FOUND', `There is no schedule ${params.id}.`)
        return known
      },
    }),
    route({
      method: 'PUT',
      path: '/v1/report-schedules/:id',
      needs: 'report',
      about:
        'Makes a schedule, or changes the version that is named. From then on its reports show what you may see.',
      params: byId,
      body: putScheduleSchema,
      answers: { 200: json('The schedule as it is now.', scheduleShape) },
      async serve({ params, body, asker }) {
        if (body.version !== undefined) await demandOwn(params.id, asker)
        return schedules.put(params.id, body, { name: asker.name, user: asker.user?.id ?? null }, asker)
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/report-schedules/:id',
      needs: 'report',
      about: 'Removes a schedule. The reports that it made stay for their time.',
      params: byId,
      answers: { 204: { about: 'It is removed.', content: {} } },
      async serve({ params, asker, reply }) {
        await demandOwn(params.id, asker)
        await schedules.remove(params.id, asker)
        return reply.code(204).send()
      },
    }),
    route({
      method: 'POST',
      path: '/v1/report-schedules/:id/run',
      needs: 'report',
      about: 'Makes the report of the last period that is over now, and delivers it as at its times.',
      params: byId,
      answers: { 201: json('The job that makes it.', jobShape) },
      async serve({ params, asker, reply }) {
        await demandOwn(params.id, asker)
        const job = await jobs.get(await schedules.runNow(params.id, asker))
        if (job === null) throw new Error(`the job of the schedule ${params.id} was not kept`)
        return reply.code(201).send(jobs.shapeOf(job))
      },
    }),
  ]
}
