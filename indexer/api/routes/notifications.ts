import * as z from 'zod'
import {
  channelsShape,
  MESSAGE_STATES,
  outboxMessageShape,
  outboxShape,
  silenceSchema,
  silenceShape,
  silencesShape,
  testedChannelShape,
} from '../../../schema/api/index.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'

/** Notifications about incidents: the outbox, the channels, and silences. */
export function notificationRoutes({ notifier }: Service): Route[] {
  const id = z.object({ id: z.string().max(64) })
  return [
    route({
      method: 'GET',
      path: '/v1/outbox',
      needs: 'status',
      shows: 'records',
      about: 'Messages about incidents: those that wait, and those of the past 30 days. The newest first.',
      query: z.strictObject({
        state: z.enum(MESSAGE_STATES).optional(),
        limit: z
          .string()
          .regex(/^\d{1,4}$/, 'expected a whole number')
          .transform(Number)
          .refine((n) => n >= 1 && n <= 1000, 'expected 1 to 1000')
          .default(100),
      }),
      answers: { 200: json('The messages.', outboxShape) },
      async serve({ query: { state, limit } }) {
        const all = await notifier.outbox()
        const wanted = all.filter((message) => state === undefined || message.state === state)
        const count = (one: string): number => all.filter((message) => message.state === one).length
        const states = Object.fromEntries(MESSAGE_STATES.map((one) => [one, count(one)]))
        return { messages: wanted.slice(0, limit), total: wanted.length, states }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/outbox/:id/retry',
      needs: 'settings',
      shows: 'records',
      about: 'Sends a message again that failed or waits; it is tried for two more days.',
      params: id,
      answers: { 200: json('The message.', outboxMessageShape) },
      serve: ({ params, asker }) => notifier.retry(params.id, asker),
    }),
    route({
      method: 'GET',
      path: '/v1/channels',
      needs: 'status',
      about: 'The channels of the settings and how they fare, without secrets.',
      answers: { 200: json('The channels.', channelsShape) },
      serve: () => notifier.channels(),
    }),
    route({
      method: 'POST',
      path: '/v1/channels/:name/test',
      needs: 'settings',
      about: 'Sends a test message to all targets of a channel, and waits up to 50 seconds for the results.',
      params: z.object({ name: z.string().max(64) }),
      answers: { 200: json('What became of each message.', testedChannelShape) },
      serve: ({ params, asker }) => notifier.test(params.name, asker),
    }),
    route({
      method: 'GET',
      path: '/v1/silences',
      needs: 'status',
      shows: 'records',
      about: 'Silences, with those that ended within 30 days.',
      answers: { 200: json('The silences.', silencesShape) },
      serve: async () => ({ silences: await notifier.silences.list() }),
    }),
    route({
      method: 'POST',
      path: '/v1/silences',
      needs: 'respond',
      shows: 'records',
      about: 'Silences notifications about some alerts until a time. The alerts themselves go on.',
      body: silenceSchema,
      answers: { 200: json('The silence.', silenceShape) },
      serve: ({ body, asker }) => notifier.silences.add(body, asker),
    }),
    route({
      method: 'DELETE',
      path: '/v1/silences/:id',
      needs: 'respond',
      shows: 'records',
      about: 'Ends a silence now.',
      params: id,
      answers: { 204: { about: 'It has ended.', content: {} } },
      async serve({ params, asker, reply }) {
        await notifier.silences.end(params.id, asker)
        return reply.code(204).send()
      },
    }),
  ]
}
