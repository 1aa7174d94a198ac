import * as z from 'zod'
import {
  archiveObjectNameShape,
  archiveObjectShape,
  archiveRunShape,
  archiveShape,
  exportedShape,
  holdChangeShape,
  holdShape,
  holdsShape,
  newExportShape,
  newHoldShape,
  newRestoreShape,
  restoreShape,
  restoresShape,
  rotatedShape,
} from '../../../schema/api/index.ts'
import type { Archive, Restores } from '../../lifecycle/archive/index.ts'
import { QueryError } from '../../query/index.ts'
import { Refusal } from '../../refusal.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'

const idParam = z.object({ id: z.string().max(64) })

/** A query that can't be understood is the client's. */
async function understood<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw thrown
    throw new Refusal('WB-QUERY-INVALID', thrown.message, { column: thrown.column, cause: thrown })
  }
}

function here<Part>(part: Part | null): Part {
  if (part !== null) return part
  throw new Refusal(
    'WB-ARCHIVE-ABSENT',
    'The settings of this indexer name no archive: write archive: in indexer.yml.',
  )
}

/** The routes about legal holds, which keep events in the store, too. */
function holdRoutes({ holds }: Service): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/holds',
      needs: 'archive',
      shows: 'totals',
      about: 'Legal holds, also those that have ended.',
      answers: { 200: json('The holds.', holdsShape) },
      serve: async () => ({ holds: await holds.list() }),
    }),
    route({
      method: 'POST',
      path: '/v1/holds',
      needs: 'archive',
      shows: 'totals',
      about:
        'Keeps all events that a query finds, in the store and in the archive, until an end date or the end of the hold.',
      body: newHoldShape,
      answers: { 200: json('The hold.', holdShape) },
      serve: ({ body, asker }) => understood(() => holds.add(body, asker)),
    }),
    route({
      method: 'PUT',
      path: '/v1/holds/:id',
      needs: 'archive',
      shows: 'totals',
      about: 'Changes the end date of a hold.',
      params: idParam,
      body: holdChangeShape,
      answers: { 200: json('The hold.', holdShape) },
      serve: ({ params: { id }, body, asker }) => holds.change(id, body.until, asker),
    }),
    route({
      method: 'DELETE',
      path: '/v1/holds/:id',
      needs: 'archive',
      shows: 'totals',
      about: 'Ends a hold. It stays in the list.',
      params: idParam,
      answers: { 200: json('The hold.', holdShape) },
      serve: ({ params: { id }, asker }) => holds.end(id, asker),
    }),
  ]
}

/** The routes about the archive. */
export function archiveRoutes(service: Service): Route[] {
  const present = (): Archive => here(service.archive)
  const restores = (): Restores => here(service.restores)
  return [
    ...holdRoutes(service),
    route({
      method: 'POST',
      path: '/v1/archive/exports',
      needs: 'archive',
      shows: 'records',
      about:
        'Writes the events that a query finds as objects of the archive, and answers when they were read back.',
      body: newExportShape,
      answers: { 200: json('The objects.', exportedShape) },
      serve: ({ body, asker }) => understood(async () => ({ objects: await present().export(body, asker) })),
    }),
    route({
      method: 'POST',
      path: '/v1/archive/rotate-key',
      needs: 'archive',
      shows: 'totals',
      about:
        'Encrypts the keys of all objects with the first key of `archive.keys`. The objects stay as they are.',
      answers: { 200: json('The number of objects that had another key.', rotatedShape) },
      serve: async ({ asker }) => ({ objects: await present().rotateKeys(asker) }),
    }),
    route({
      method: 'GET',
      path: '/v1/archive/restores',
      needs: 'archive',
      shows: 'totals',
      about: 'What is restored, and how far.',
      answers: { 200: json('The restores.', restoresShape) },
      serve: async () => ({ restores: await restores().list() }),
    }),
    route({
      method: 'POST',
      path: '/v1/archive/restores',
      needs: 'archive',
      shows: 'totals',
      about:
        'Makes archived events searchable again, in a place of their own. It goes on in the background; `/v1/search?restored=ID` searches what is there.',
      body: newRestoreShape,
      answers: { 200: json('The restore.', restoreShape) },
      serve: ({ body, asker }) => restores().begin(body, asker),
    }),
    route({
      method: 'DELETE',
      path: '/v1/archive/restores/:id',
      needs: 'archive',
      shows: 'totals',
      about: 'Removes restored events before their end date. They stay in the archive.',
      params: idParam,
      answers: { 204: { about: 'Removed.', content: {} } },
      async serve({ params: { id }, asker, reply }) {
        await restores().remove(id, asker)
        return reply.code(204).send()
      },
    }),
    route({
      method: 'GET',
      path: '/v1/archive',
      needs: 'archive',
      shows: 'totals',
      about: 'The objects of the archive, and what it does now.',
      answers: { 200: json('The present state.', archiveShape) },
      async serve() {
        const its = present()
        return { ...its.state, objects: await its.catalogue.objects() }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/archive/run',
      needs: 'archive',
      shows: 'totals',
      about:
        'Archives now what the retention table requires, and answers when everything was read back. The indexer also does so by itself.',
      answers: { 200: json('It is done.', archiveRunShape) },
      serve: async () => ({ archived: await present().round() }),
    }),
    route({
      method: 'POST',
      path: '/v1/archive/verify',
      needs: 'archive',
      shows: 'totals',
      about: 'Reads an object back as a whole, and answers when that is done.',
      body: archiveObjectNameShape,
      answers: { 200: json('It is sound.', archiveObjectShape) },
      serve: async ({ body }) => present().verify(body.object),
    }),
  ]
}
