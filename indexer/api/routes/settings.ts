import * as z from 'zod'
import { eventSettingsShape, eventTypesShape } from '../../../schema/api/index.ts'
import { strongestFirst, typeState } from '../../../schema/index.ts'
import { AGENT_SETTINGS_PATH, agentSettingsSchema, eventRulesSchema } from '../../../schema/wire/index.ts'
import { askingAgent } from '../agent-question.ts'
import { changeable, entityTag, isKnown } from '../entity-tag.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'

/** A thousand rules with long names. */
const RULES_BYTES = 1024 * 1024
const UNCHANGED = { about: 'The version of If-None-Match is still the one that holds.', content: {} }

/** Which event types there are, and which of them are recorded: for operators to switch, for agents to follow. */
export function settingsRoutes(service: Service): Route[] {
  const { settings } = service
  return [
    route({
      method: 'GET',
      path: '/v1/event-types',
      needs: 'status',
      about: 'All event types of the integrations, with what the central settings make of them.',
      answers: { 200: json('The event types.', eventTypesShape) },
      async serve() {
        const catalogue = await settings.catalogue()
        const { version, events } = settings.current
        const ranked = strongestFirst(events)
        const types = catalogue.types.map(({ recorded, ...type }) => ({
          ...type,
          default: recorded,
          ...typeState({ ...type, recorded }, ranked),
        }))
        return { version, types }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/settings/events',
      needs: 'status',
      about:
        'The central rules about events. ETag has their version; with If-None-Match 304 where it still holds.',
      answers: { 200: json('The rules.', eventSettingsShape), 304: UNCHANGED },
      async serve({ request, reply }) {
        const { current } = settings
        reply.header('etag', entityTag(current.version)).header('cache-control', 'no-cache')
        return isKnown(request.headers['if-none-match'], current.version) ? reply.code(304).send() : current
      },
    }),
    route({
      method: 'PUT',
      path: '/v1/settings/events',
      needs: 'settings',
      about:
        'Puts other rules in place of the version that If-Match names; 412 where another holds by now, 428 without If-Match. Each event type that this switches is an event of the audit trail.',
      largestBody: RULES_BYTES,
      body: z.strictObject({ events: eventRulesSchema }),
      answers: { 200: json('The rules as they are now.', eventSettingsShape) },
      async serve({ body, request, reply, asker }) {
        const allows = changeable(request.headers['if-match'])
        const current = await settings.change(body.events, allows, asker)
        reply.header('etag', entityTag(current.version))
        return current
      },
    }),
    route({
      method: 'GET',
      path: AGENT_SETTINGS_PATH,
      needs: 'agent',
      about:
        'The central settings for an agent, which signs its question in Authorization. ETag and If-None-Match as above.',
      answers: { 200: json('The settings.', agentSettingsSchema), 304: UNCHANGED },
      async serve({ request, reply, asker }) {
        askingAgent(service, request, asker, AGENT_SETTINGS_PATH)
        const { version, events } = settings.current
        reply.header('etag', entityTag(version)).header('cache-control', 'no-cache')
        return isKnown(request.headers['if-none-match'], version)
          ? reply.code(304).send()
          : { version, events }
      },
    }),
  ]
}
