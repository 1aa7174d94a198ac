import type { Secret } from '../../../../config/index.ts'
import { type Content, cut, factsOf, titleOf } from '../content.ts'
import { post } from './post.ts'
import type { Outgoing, Send } from './sender.ts'

/** Teams accepts 28 KB a message. */
const MOST = { title: 400, text: 2000, value: 400, lines: 50 } as const

export const teamsSender =
  (hook: Secret): Send =>
  (message, signal) =>
    post(hook.reveal(), JSON.stringify(teamsBody(message)), {}, signal)

/** An adaptive card. Texts from events are text runs: unlike text blocks and facts, Teams reads no Markdown and no mentions in them. */
export function teamsBody({ content, links, zone }: Outgoing): object {
  const { message, response, lines, occasion } = content
  const run = (text: string, more: object = {}) => ({ type: 'TextRun', text, ...more })
  const block = (...inlines: object[]) => ({ type: 'RichTextBlock', inlines })
  const part = (text: string) => (text === '' ? [] : [block(run(cut(text, MOST.text)))])
  const open = (title: string, url: string | null) =>
    url === null ? [] : [{ type: 'Action.OpenUrl', title, url }]
  const card = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    msteams: { width: 'Full' },
    body: [
      block(
        run(cut(titleOf(content), MOST.title), { weight: 'Bolder', size: 'Large', color: colourOf(content) }),
      ),
      ...lines.slice(0, MOST.lines).map((line) => block(run(`• ${line}`))),
      ...(lines.length > MOST.lines ? [block(run(`and ${lines.length - MOST.lines} more`))] : []),
      ...part(message),
      ...factsOf(content, zone).map(([name, value]) =>
        block(run(`${name}: `, { weight: 'Bolder' }), run(cut(value, MOST.value))),
      ),
      ...(response === '' || occasion === 'resolved'
        ? []
        : [block(run('What to do: ', { weight: 'Bolder' }), run(cut(response, MOST.text)))]),
    ],
    actions: [
      ...open('Open the incident', links.incident),
      ...open('Open the alert', links.alert),
      ...open('Open the report', links.report),
    ],
  }
  return {
    type: 'message',
    attachments: [
      { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content: card },
    ],
  }
}

const colourOf = ({ priority, occasion }: Content): string => {
  if (occasion === 'resolved' || occasion === 'test' || occasion === 'report') return 'Good'
  return priority === 'critical' || priority === 'high' ? 'Attention' : 'Warning'
}
