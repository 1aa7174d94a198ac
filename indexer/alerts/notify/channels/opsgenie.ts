import { cut, factsOf, plainText, titleOf } from '../content.ts'
import type { Target } from '../settings.ts'
import { post } from './post.ts'
import type { Outgoing, Send } from './sender.ts'

const MOST = { message: 130, alias: 512, description: 15_000, note: 25_000, value: 1000, tag: 50 } as const
const PRIORITY = { low: 'P5', medium: 'P3', high: 'P2', critical: 'P1' } as const

type Settings = NonNullable<Target['opsgenie']>

/** Opsgenie's Alert API. The incident is the alias: further messages count up the same alert there, and its end closes it. */
export const opsgenieSender =
  ({ url, key }: Settings): Send =>
  (message, signal) => {
    const base = `${url.replace(/\/$/, '')}/v2/alerts`
    const { path, body } = opsgenieRequest(message)
    return post(base + path, JSON.stringify(body), { authorization: `GenieKey ${key.reveal()}` }, signal)
  }

export function opsgenieRequest({ id, content, links, zone }: Outgoing): { path: string; body: object } {
  const { occasion, incident, priority, rule, note } = content
  const alias = cut(incident === '' ? id : incident, MOST.alias)
  if (occasion === 'resolved')
    return {
      path: `/${encodeURIComponent(alias)}/close?identifierType=alias`,
      body: { source: 'Waybill', note: cut(note === '' ? 'Resolved in Waybill.' : note, MOST.note) },
    }
  return {
    path: '',
    body: {
      message: cut(titleOf(content), MOST.message),
      alias,
      description: cut(plainText(content, links, zone), MOST.description),
      priority: PRIORITY[priority],
      source: 'Waybill',
      tags: ['waybill', ...(rule.id === '' ? [] : [cut(rule.id, MOST.tag)])],
      details: Object.fromEntries(
        [
          ...factsOf(content, zone),
          ...(links.incident === null ? [] : [['Link', links.incident] as const]),
        ].map(([name, value]) => [name, cut(value, MOST.value)]),
      ),
    },
  }
}
