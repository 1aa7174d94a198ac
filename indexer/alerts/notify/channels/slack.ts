import type { Secret } from '../../../../config/index.ts'
import { type Content, cut, factsOf, titleOf } from '../content.ts'
import { post } from './post.ts'
import type { Outgoing, Send } from './sender.ts'

/** Limits of Slack's blocks, in characters. */
const MOST = { header: 150, section: 3000, field: 2000, fields: 10, url: 3000, fallback: 3000 } as const

export const slackSender =
  (hook: Secret): Send =>
  (message, signal) =>
    post(hook.reveal(), JSON.stringify(slackBody(message)), {}, signal)

/**
 * Slack's blocks. Texts from events are plain text, in which `<!channel>`, `@everyone` and Markdown mean nothing. The line for
 * notifications has no such form, so its signs are escaped.
 */
export function slackBody({ content, links, zone }: Outgoing): object {
  const { message, response, lines, occasion } = content
  const text = (said: string, most: number) => ({ type: 'plain_text', text: cut(said, most), emoji: false })
  const section = (said: string) => (said === '' ? [] : [{ type: 'section', text: text(said, MOST.section) }])
  const facts = factsOf(content, zone).slice(0, MOST.fields)
  const button = (label: string, url: string | null, more: object = {}) =>
    url === null || url.length > MOST.url
      ? []
      : [
          {
            type: 'button',
            text: text(label, 75),
            url,
            action_id: label.toLowerCase().replaceAll(' ', '-'),
            ...more,
          },
        ]
  const buttons = [
    ...button('Open the incident', links.incident, { style: styleOf(content) }),
    ...button('Open the alert', links.alert),
    ...button('Open the report', links.report),
  ]
  return {
    text: cut(escaped(titleOf(content)), MOST.fallback),
    blocks: [
      { type: 'header', text: text(titleOf(content), MOST.header) },
      ...section(lines.map((line) => `• ${line}`).join('\n')),
      ...section(message),
      ...(facts.length === 0
        ? []
        : [
            {
              type: 'section',
              fields: facts.map(([name, value]) => text(`${name}: ${value}`, MOST.field)),
            },
          ]),
      ...section(response === '' || occasion === 'resolved' ? '' : `What to do: ${response}`),
      ...(buttons.length === 0 ? [] : [{ type: 'actions', elements: buttons }]),
    ],
  }
}

const styleOf = ({ priority, occasion }: Content): 'danger' | 'primary' =>
  occasion !== 'resolved' && occasion !== 'report' && (priority === 'critical' || priority === 'high')
    ? 'danger'
    : 'primary'

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
