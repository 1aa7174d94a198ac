import type { estypes } from '@elastic/elasticsearch'

/** Where watches put their alerts. */
export const alertIndex = (namespace: string): string => `waybill-alerts-${namespace}`

const KEYWORD: estypes.MappingProperty = { type: 'keyword', ignore_above: 1024 }

/** An alert's form, as `script.ts` writes it. */
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
        count: { type: 'long' },
        /** Where events were not judged: how many. */
        more: { type: 'long' },
        group: { type: 'flattened' },
        events: KEYWORD,
      },
    },
    user: { properties: { name: KEYWORD } },
    source: { properties: { ip: { type: 'ip' } } },
  },
}
