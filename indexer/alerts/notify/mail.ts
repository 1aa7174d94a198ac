import { type Content, factsOf, type Links, titleOf } from './content.ts'

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
export const html = (text: string): string => text.replace(/[&<>"']/g, (sign) => ESCAPES[sign] ?? sign)
const paragraphs = (text: string): string => html(text).replaceAll('\n', '<br>')

/** White text on these, and these on white, can be read well (contrast of 4.5 or more). */
const COLOURS = { low: '#4a5b6e', medium: '#8a5a00', high: '#b54708', critical: '#b42318' } as const
const RESOLVED = '#1a7f4b'

const STYLE = `
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .page { background: #14181d !important; }
  .card { background: #1e242b !important; border-left-color: #343d47 !important; border-right-color: #343d47 !important; border-bottom-color: #343d47 !important; }
  .text, .text a { color: #e8ecf0 !important; }
  .dim { color: #a9b4c0 !important; }
  .second { color: #e8ecf0 !important; border-color: #6b7886 !important; }
}
@media (max-width: 480px) {
  .card { padding: 20px !important; }
  .button { display: block !important; margin: 0 0 10px !important; text-align: center !important; }
}`.trim()

/** It has single quotes, because the attribute around it has double quotes. */
const FONT = "font-family: -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"

/**
 * A mail in HTML. Mail programs drop style sheets, so each style is written at its element, and the sheet only adds the dark colours.
 * Nothing is loaded from anywhere.
 */
export function htmlMail(content: Content, links: Links, zone: string): string {
  const { occasion, message, response, lines, priority } = content
  const isOver = occasion === 'resolved'
  const colour = isOver || occasion === 'test' || occasion === 'report' ? RESOLVED : COLOURS[priority]
  const title = titleOf(content)
  const label =
    occasion === 'test'
      ? 'Test'
      : occasion === 'report'
        ? 'Report'
        : occasion === 'digest'
          ? 'Digest'
          : isOver
            ? 'Resolved'
            : priority
  const heading = occasion === 'digest' || occasion === 'test' ? title : content.summary
  const kind: Partial<Record<Content['occasion'], string>> = {
    worse: 'This incident has become more serious.',
    reopened: 'This incident was open before, and is open again.',
    reminder: 'This incident is still open, and nobody has acknowledged it.',
    escalation: 'Nobody has acknowledged this incident.',
    resolved: 'This incident is resolved.',
  }
  const said = kind[occasion]
  const button = (href: string, text: string, first: boolean): string =>
    `<a class="button${first ? '' : ' second'}" href="${html(href)}" style="display: inline-block; margin: 0 8px 8px 0; padding: 9px 16px; border-radius: 6px; border: 1px solid ${first ? colour : '#b6c0ca'}; ${first ? `background: ${colour}; color: #ffffff` : 'color: #1c242c'}; font-weight: 600; text-decoration: none">${html(text)}</a>`
  const buttons = [
    links.acknowledge === null ? '' : button(links.acknowledge, 'Acknowledge', true),
    links.incident === null ? '' : button(links.incident, 'Open the incident', links.acknowledge === null),
    links.alert === null ? '' : button(links.alert, 'Open the alert', false),
    links.report === null ? '' : button(links.report, 'Open the report', true),
  ].join('')
  const row = ([name, value]: readonly [string, string]): string =>
    `<tr><td class="dim" style="padding: 4px 16px 4px 0; color: #566370; vertical-align: top; white-space: nowrap">${html(name)}</td><td class="text" style="padding: 4px 0; color: #1c242c; word-break: break-word">${paragraphs(value)}</td></tr>`
  const text = (inner: string, more = ''): string =>
    `<p class="text" style="margin: 0 0 16px; color: #1c242c; word-break: break-word${more}">${inner}</p>`
  const facts = factsOf(content, zone)
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark"><title>${html(title)}</title><style>
${STYLE}
</style></head>
<body class="page" style="margin: 0; padding: 0; background: #f2f4f6">
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" style="background: #f2f4f6"><tr><td align="center" style="padding: 24px 12px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width: 600px; ${FONT}; font-size: 15px; line-height: 1.5"><tr><td class="card" style="background: #ffffff; border: 1px solid #d9dfe5; border-top: 4px solid ${colour}; border-radius: 8px; padding: 28px">
<p style="margin: 0 0 12px"><span style="display: inline-block; padding: 2px 10px; border-radius: 10px; background: ${colour}; color: #ffffff; font-size: 12px; font-weight: 600; text-transform: uppercase; letter-spacing: 0.04em">${html(label)}</span></p>
<h1 class="text" style="margin: 0 0 16px; font-size: 20px; line-height: 1.3; color: #1c242c; word-break: break-word">${html(heading)}</h1>
${said === undefined ? '' : text(html(said), '; font-weight: 600')}
${lines.length === 0 ? '' : `<ul class="text" style="margin: 0 0 16px; padding-left: 20px; color: #1c242c">${lines.map((line) => `<li style="margin-bottom: 6px; word-break: break-word">${html(line)}</li>`).join('')}</ul>`}
${message === '' ? '' : text(paragraphs(message))}
${facts.length === 0 ? '' : `<table role="presentation" cellpadding="0" cellspacing="0" style="margin: 0 0 20px; font-size: 14px">${facts.map(row).join('')}</table>`}
${response === '' || isOver ? '' : `<p class="dim" style="margin: 0 0 4px; font-size: 13px; font-weight: 600; color: #566370">What to do</p>${text(paragraphs(response))}`}
${buttons === '' ? '' : `<p style="margin: 8px 0 0">${buttons}</p>`}
</td></tr><tr><td class="dim" style="padding: 14px 4px; color: #566370; font-size: 12px">Sent by Waybill.${links.acknowledge === null ? '' : ' The button “Acknowledge” opens a page that asks for confirmation; it works for a day.'}</td></tr></table>
</td></tr></table>
</body></html>
`
}
