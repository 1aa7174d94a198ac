import { eventRulesChangeShape, eventSettingsShape, eventTypesShape } from '../../../schema/api/index.ts'
import { strongestFirst, typeState } from '../../../schema/index.ts'
import { AGENT_SETTINGS_PATH, agentSettingsSchema } from '../../../schema/wire/index.ts'
import { Refusal } from '../../refusal.ts'
import { askingAgent } from '../agent-question.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'

/** A thousand rules with long names. */
const RULES_BYTES = 1024 * 1024
const UNCHANGED = { about: 'The version in If-None-Match is still the current one.', content: {} }

/** The routes for event types and their recording: operators switch them, agents follow. */
export function settingsRoutes(service: Service): Route[] {
  const { settings } = service
  return [
    route({
      method: 'GET',
      path: '/v1/event-types',
      needs: 'status',
      about: 'All event types of the integrations, with the effect of the central settings.',
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
        'The central rules about events. ETag has their version; with If-None-Match the answer is 304 if it is still current.',
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
        'Replaces the version that If-Match names; 412 if it is not the current one any more, 428 without If-Match. Each event type that this switches is an event of the audit trail.',
      largestBody: RULES_BYTES,
      body: eventRulesChangeShape,
      answers: { 200: json('The current rules.', eventSettingsShape) },
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
        'The central settings for an agent, which signs its request in Authorization. ETag and If-None-Match as above.',
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

/** Entity tags, as RFC 9110 has them. Ours are strong: the version of what is answered. */
export const entityTag = (version: string): string => `"${version}"`

/** Whether what the asker has (`If-None-Match`) is this version; comparing weakly, as the RFC asks. */
export function isKnown(header: string | undefined, version: string): boolean {
  if (header === undefined) return false
  return tagsIn(header).some((tag) => tag === '*' || tag.replace(/^W\//, '') === entityTag(version))
}

/**
 * Returns a test for versions that the client's `If-Match` allows to change. It compares strongly, and refuses a change without the header.
 */
export function changeable(header: string | undefined): (version: string) => boolean {
  if (header === undefined) {
    throw new Refusal(
      'WB-IF-MATCH-MISSING',
      'If-Match is missing: send the version that you change, as in ETag.',
    )
  }
  const tags = tagsIn(header)
  return (version) => tags.some((tag) => tag === '*' || tag === entityTag(version))
}

const tagsIn = (header: string): string[] => header.match(/\*|(?:W\/)?"[^"]*"/g) ?? []
