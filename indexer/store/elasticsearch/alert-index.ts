import type { Client, estypes } from '@elastic/elasticsearch'
import type { AlertShape } from '../../../schema/api/index.ts'
import type { Names } from './names.ts'

const AT_A_TIME = 500
const KEYWORD: estypes.MappingProperty = { type: 'keyword', ignore_above: 1024 }

/** An alert's form for Kibana: watches write it, too. */
export const ALERT_MAPPING: estypes.MappingTypeMapping = {
  dynamic: false,
  properties: {
    '@timestamp': { type: 'date' },
    message: { type: 'text' },
    event: { properties: { kind: KEYWORD, module: KEYWORD, ingested: { type: 'date' } } },
    rule: { properties: { id: KEYWORD, name: KEYWORD } },
    alert: {
      properties: {
        id: KEYWORD,
        priority: KEYWORD,
        channels: KEYWORD,
        /** `open`, `acknowledged` or `resolved`; a watch writes none, and its alerts are open. */
        state: KEYWORD,
        count: { type: 'long' },
        /** The number of events that were not judged, if any. */
        more: { type: 'long' },
        group: { type: 'flattened' },
        events: KEYWORD,
      },
    },
    user: { properties: { name: KEYWORD } },
    related: { properties: { user: KEYWORD, ip: { type: 'ip' } } },
    source: { properties: { ip: { type: 'ip' } } },
  },
}

/** Writes alerts as they are now: one document each. */
export async function showAlerts(client: Client, names: Names, alerts: readonly AlertShape[]): Promise<void> {
  for (let i = 0; i < alerts.length; i += AT_A_TIME) {
    const { items } = await client.bulk({
      index: names.alerts,
      operations: alerts
        .slice(i, i + AT_A_TIME)
        .flatMap((alert) => [{ index: { _id: alert.id } }, documentOf(alert)]),
    })
    const refused = items.find(({ index }) => index !== undefined && index.status >= 300)?.index
    if (refused !== undefined) throw new Error(refused.error?.reason ?? `it answers ${refused.status}`)
  }
}

const documentOf = (alert: AlertShape) => ({
  '@timestamp': new Date(alert.first).toISOString(),
  message: alert.message,
  event: { kind: 'alert', module: 'waybill', ingested: new Date(alert.raised).toISOString() },
  rule: { id: alert.rule.id, name: alert.rule.name },
  alert: {
    id: alert.id,
    priority: alert.priority,
    channels: alert.channels,
    state: alert.state,
    count: alert.count,
    group: alert.group,
    events: alert.events,
  },
  ...(alert.users[0] !== undefined && { user: { name: alert.users[0] } }),
  ...(alert.addresses[0] !== undefined && { source: { ip: alert.addresses[0] } }),
  related: { user: alert.users, ip: alert.addresses },
})
