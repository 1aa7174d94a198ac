import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import * as z from 'zod'
import { jobShape, jobsShape, type NewJob, newJobSchema } from '../../../schema/api/index.ts'
import { codeOf } from '../../../schema/index.ts'
import { isFull } from '../../accounts/index.ts'
import { timeText as isoText } from '../../query/index.ts'
import { Refusal } from '../../refusal.ts'
import {
  isOver,
  type Job,
  type NewJobRecord,
  partOf,
  permissionFor,
  type Requester,
  sightOf,
} from '../../reports/jobs/index.ts'
import type { Asker } from '../access.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'
import { quoted } from './asked.ts'

const TYPES: Readonly<Record<string, string>> = {
  pdf: 'application/pdf',
  html: 'text/html; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  json: 'application/json',
  ndjson: 'application/x-ndjson',
}

/** The list is for people, and for programs that wait for a job. */
const MOST_LISTED = 500

const byId = z.strictObject({ id: z.string().max(80) })

/** The routes for jobs: reports and exports that are made in the background. */
export function jobRoutes({
  jobs,
  checkWork,
  demandMail,
  eventsFor,
  readings,
  trail,
  clock,
  random,
  stopping,
}: Service): Route[] {
  /** A job that this client may see: of its own, or any if it sees all events. */
  async function jobOf(id: string, asker: Asker): Promise<Job> {
    const job = /^[0-9a-f]{16,64}$/.test(id) ? await jobs.get(id) : null
    if (job === null || !maySee(job, asker)) throw new Refusal('WB-NOT-FOUND', `There is no job ${id}.`)
    return job
  }

  return [
    route({
      method: 'POST',
      path: '/v1/jobs',
      needs: 'known',
      about:
        'Makes a report (permission `report`) or an export of a search (`export`) in the background. It sees what you may see when it runs.',
      body: newJobSchema,
      answers: { 201: json('The job; ask for it again to see how far it is.', jobShape) },
      async serve({ body, asker, reply }) {
        demandPermission(asker, body.makes)
        const requester = requesterOf(asker)
        await jobs.demandRoomFor(requester)
        const id = random(16).toString('hex')
        const record = { ...recordOf(body, asker), requester }
        const { query, work } = record
        readings.note(asker, {
          action: work.makes === 'report' ? 'report-begin' : 'export-begin',
          did:
            work.makes === 'report'
              ? `asked for the report ${work.report}`
              : `began an export of the events for ${quoted(query)}`,
          entity: { type: 'report-job', id, name: record.title },
          payload: {
            query,
            formats: record.formats,
            ...(work.makes === 'report' && {
              report: work.report,
              parameters: JSON.stringify(work.parameters),
            }),
            ...(work.makes === 'export' && { from: work.export.from, to: work.export.to }),
            mail: record.recipients.flatMap((one) => ('mail' in one ? [one.mail] : [])),
          },
        })
        await jobs.add(id, record)
        const job = await jobs.get(id)
        if (job === null) throw new Error(`the job ${id} was not kept`)
        return reply.code(201).send(jobs.shapeOf(job))
      },
    }),
    route({
      method: 'GET',
      path: '/v1/jobs',
      needs: 'known',
      about:
        'Your jobs; and those of others, if you may make such and see all events. The newest first, at most 500.',
      answers: { 200: json('The jobs.', jobsShape) },
      async serve({ asker }) {
        demandEither(asker)
        const seen = (await jobs.list()).filter((job) => maySee(job, asker))
        return { jobs: seen.slice(0, MOST_LISTED).map((job) => jobs.shapeOf(job)) }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/jobs/:id',
      needs: 'known',
      about: 'A job as it is now.',
      params: byId,
      answers: { 200: json('The job.', jobShape) },
      async serve({ params, asker }) {
        demandEither(asker)
        return jobs.shapeOf(await jobOf(params.id, asker))
      },
    }),
    route({
      method: 'POST',
      path: '/v1/jobs/:id/cancel',
      needs: 'known',
      about: 'Ends a job that waits or runs; nothing of it is kept.',
      params: byId,
      answers: { 200: json('The job.', jobShape) },
      async serve({ params, asker }) {
        demandEither(asker)
        const job = await jobOf(params.id, asker)
        if (isOver(job)) throw new Refusal('WB-JOB-STATE', `The job ${job.id} is over already: ${job.state}.`)
        await trail.record(actOn(job, asker, 'cancel', 'cancelled'))
        const after = (await jobs.cancel(job.id, asker.name)) ?? (await jobOf(params.id, asker))
        return jobs.shapeOf(after)
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/jobs/:id',
      needs: 'known',
      about: 'Removes a job that is over, with its files.',
      params: byId,
      answers: { 204: { about: 'It is removed.', content: {} } },
      async serve({ params, asker, reply }) {
        demandEither(asker)
        const job = await jobOf(params.id, asker)
        if (!isOver(job)) throw new Refusal('WB-JOB-STATE', `The job ${job.id} is not over: cancel it first.`)
        await trail.record(actOn(job, asker, 'delete', 'removed'))
        await jobs.remove(job)
        return reply.code(204).send()
      },
    }),
    route({
      method: 'GET',
      path: '/v1/jobs/:id/files/:name',
      needs: 'known',
      about:
        'A file of a job that is done, or a part of it: a download that broke goes on with `Range` and `If-Range`. The `ETag` is the SHA-256 of the file.',
      params: z.strictObject({ id: z.string().max(80), name: z.string().max(255) }),
      answers: {
        200: { about: 'The file.', content: contentTypes() },
        206: { about: 'The part of the file that `Range` names.', content: contentTypes() },
      },
      async serve({ params, asker, request, reply }) {
        demandEither(asker)
        const job = await jobOf(params.id, asker)
        const found = fileOf(job, params.name)
        if (found === null)
          throw new Refusal(
            'WB-NOT-FOUND',
            `The job ${job.id} has no file ${params.name}${gone(job, clock())}.`,
          )
        if (!isFull(asker.visibility) && job.sight !== sightOf(asker.visibility))
          throw new Refusal(
            'WB-FORBIDDEN',
            'What you may see has changed since this was made: make it again.',
            { by: asker.name },
          )
        const path = jobs.pathOf(job, params.name)
        const { size } = await stat(path).catch((thrown: unknown) => {
          if (codeOf(thrown) !== 'ENOENT') throw thrown
          throw new Refusal(
            'WB-NOT-FOUND',
            `The file ${params.name} was removed from the disk of the indexer.`,
          )
        })
        const etag = `"${found.etag}"`
        const { range, 'if-range': ifRange } = request.headers
        const part = partOf(size, etag, { range, ifRange: [ifRange].flat()[0] })
        reply.header('accept-ranges', 'bytes').header('etag', etag)
        if (part === 'outside') {
          reply.header('content-range', `bytes */${size}`)
          throw new Refusal('WB-RANGE', `The file has ${size} bytes, and none in the range ${range}.`)
        }
        const { from, to } = part ?? { from: 0, to: size }
        const stream = createReadStream(path, {
          start: from,
          ...(to > from && { end: to - 1 }),
          signal: stopping,
        })
        if (request.method === 'HEAD') stream.destroy()
        // A file that is removed in this moment is read to its end: an open file stays.
        stream.once('close', () => {
          if (request.method === 'HEAD') return
          const sent = stream.bytesRead
          const isWhole = sent === to - from && !reply.raw.errored && reply.raw.writableFinished
          readings.note(asker, {
            action: 'download',
            did: `downloaded ${part === null ? '' : `bytes ${from} to ${to} of `}${params.name}`,
            entity: { type: 'report-job', id: job.id, name: job.title },
            payload: {
              file: params.name,
              bytes: sent,
              from,
              to,
              size,
              rows: found.rows,
              sha256: found.etag,
            },
            ...(!isWhole && { outcome: 'failure', reason: 'the download was interrupted' }),
          })
          if (isWhole && to === size) void jobs.noteDownload(job.id, asker.name, params.name)
        })
        if (part !== null) reply.code(206).header('content-range', `bytes ${from}-${to - 1}/${size}`)
        return reply
          .type(found.type)
          .header('content-length', to - from)
          .header('content-disposition', `attachment; filename="${params.name}"`)
          .send(stream)
      },
    }),
  ]

  function recordOf(body: NewJob, asker: Asker): Omit<NewJobRecord, 'requester'> {
    if (body.mail) demandMail()
    const recipients = body.mail ? [{ mail: mailOf(body, asker) }] : []
    const view = { events: eventsFor(asker), visibility: asker.visibility }
    const { formats } = body
    if (body.makes === 'report') {
      const { report, parameters } = body
      const { title, query, period } = checkWork({ makes: 'report', report, parameters }, view)
      // Times like "last month" are of this moment, whenever the job is run.
      const { last: _, ...others } = parameters
      const fixed = { ...others, from: isoText(period.from), to: isoText(period.to) }
      return {
        work: { makes: 'report', report, parameters: fixed },
        title,
        query,
        period,
        formats,
        recipients,
      }
    }
    const { title, period } = checkWork({ makes: 'export', export: body.export }, view)
    const asked = { ...body.export, from: isoText(period.from), to: isoText(period.to) }
    return { work: { makes: 'export', export: asked }, title, query: asked.q, period, formats, recipients }
  }
}

function mailOf({ mailTo }: NewJob, { user }: Asker): string {
  const address = mailTo ?? user?.email
  if (address !== undefined) return address
  throw new Refusal(
    'WB-REQUEST-INVALID',
    'mailTo: expected the address that the mail goes to: none is known of you.',
  )
}

const requesterOf = ({ name, user }: Asker): Requester => ({ name, user: user?.id ?? null })

const isOwn = ({ requester }: Job, { name, user }: Asker): boolean =>
  requester.name === name && requester.user === (user?.id ?? null)

/** One's own, and all of others for who sees all events: what a job shows may be hidden from others. */
const maySee = (job: Job, asker: Asker): boolean =>
  asker.permissions.has(permissionFor(job)) && (isOwn(job, asker) || isFull(asker.visibility))

function demandPermission(asker: Asker, permission: 'report' | 'export'): void {
  if (asker.permissions.has(permission)) return
  const what = permission === 'report' ? 'make reports' : 'export events'
  throw new Refusal(
    'WB-FORBIDDEN',
    `${asker.name} may not do this: it needs the permission to ${what} (${permission}).`,
    {
      by: asker.name,
    },
  )
}

function demandEither(asker: Asker): void {
  if (!asker.permissions.has('export')) demandPermission(asker, 'report')
}

const contentTypes = (): Record<string, z.ZodType> =>
  Object.fromEntries(Object.values(TYPES).map((type) => [type.split(';')[0] ?? type, z.string()]))

/** A file of a job, or the proof of one. */
function fileOf(job: Job, name: string): { type: string; etag: string; rows: number } | null {
  for (const file of job.files) {
    if (file.name === name)
      return {
        type: TYPES[file.format] ?? 'application/octet-stream',
        etag: file.sha256,
        rows: file.rows,
      }
    if (file.proof === name) return { type: 'application/json', etag: `proof-${file.sha256}`, rows: 0 }
  }
  return null
}

const gone = ({ until, files }: Job, now: number): string =>
  files.length === 0 && until !== null && until <= now ? ' any more: its time is over' : ''

const actOn = (job: Job, asker: Asker, action: string, did: string) => ({
  action: `job-${action}`,
  category: 'security' as const,
  message: `${asker.name} ${did} the job "${job.title}" of ${job.requester.name}.`,
  outcome: 'success' as const,
  by: asker,
  entity: { type: 'report-job', id: job.id, name: job.title },
})
