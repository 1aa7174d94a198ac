import type { ReportDocument, Verdict } from '../../document.ts'
import type { Clock } from '../clock.ts'
import { firstFacts, shortSignatures, verdictText } from '../shown.ts'
import { code, decoration, drawLines, facts, heading, marked, paragraph, section } from './flow.ts'
import { drawLogo, type PlacedLogo } from './logo.ts'
import type { Colour } from './page.ts'
import { BOLD, INK, MARGIN, MUTED, type Pages, SANS } from './pages.ts'
import type { Element } from './structure.ts'

const COMPLETE: { mark: Colour; tint: Colour } = { mark: '0.1 0.48 0.31', tint: '0.926 0.965 0.944' }
const INCOMPLETE: { mark: Colour; tint: Colour } = { mark: '0.7 0.26 0.04', tint: '0.992 0.948 0.918' }

/** The first page: what the report is, and whether it is complete. */
export function frontPage(
  pages: Pages,
  parent: Element,
  document: ReportDocument,
  clock: Clock,
  logo: PlacedLogo | null,
): void {
  const { organisation, title, about, verdict, query, account, checkpoint } = document
  pages.next('portrait')
  pages.y = 44
  if (organisation !== null) organisationLine(pages, parent, organisation.name, logo)
  pages.bookmark(title, 1)
  heading(pages, parent, 'H1', title)
  if (about !== '')
    paragraph(pages, parent, about, { style: { ...SANS, size: 11 }, leading: 16, colour: MUTED, after: 10 })
  verdictBox(pages, parent, verdict)
  facts(pages, parent, firstFacts(document, clock))
  codeOr(pages, parent, 'Query', query, 'None: all events of the scope.')
  for (const part of account) section(pages, parent, part, clock, 'H2')
  const note = shortSignatures(checkpoint ?? '')
  codeOr(pages, parent, 'Checkpoint of the transparency log', note, 'There was none yet.')
}

function codeOr(pages: Pages, parent: Element, title: string, text: string, without: string): void {
  if (text !== '') {
    code(pages, parent, title, text)
    return
  }
  heading(pages, parent, 'H2', title, { looks: 'H3' })
  paragraph(pages, parent, without, { colour: MUTED })
}

function organisationLine(pages: Pages, parent: Element, name: string, logo: PlacedLogo | null): void {
  const style = { ...BOLD, size: 10.5 }
  const top = pages.y
  const height = logo === null ? 0 : drawLogo(pages, parent, logo, name)
  const element = pages.structure.begin('P', parent)
  const indent = logo === null ? 0 : logo.width + 14
  const lines = pages.type.lines(name, style, pages.width - indent)
  pages.y = top + Math.max(0, (height - lines.length * 14) / 2)
  marked(pages, element, () => drawLines(pages, lines, MARGIN.side + indent, style.size, 14, INK))
  pages.structure.end(element)
  pages.y = Math.max(pages.y, top + height) + 18
}

/** One prominent sentence, with its reasons. */
function verdictBox(pages: Pages, parent: Element, verdict: Verdict): void {
  const { mark, tint } = verdict.complete ? COMPLETE : INCOMPLETE
  const width = pages.width - 34
  const sentence = { style: { ...BOLD, size: 13 }, leading: 18 }
  const reason = { style: { ...SANS, size: 9.5 }, leading: 14 }
  const lines = pages.type.lines(verdictText(verdict), sentence.style, width, 12)
  const reasons = verdict.reasons.map((text) => pages.type.lines(text, reason.style, width - 12))
  const below = reasons.reduce((sum, list) => sum + list.length * reason.leading + 2, 0)
  const height = lines.length * sentence.leading + below + 24 + (reasons.length > 0 ? 4 : 0)
  // A long list of reasons goes on over pages, without a box.
  const boxed = pages.y + height <= pages.bottom
  if (boxed)
    decoration(pages, (page) => {
      page.rectangle(MARGIN.side, pages.y, pages.width, height, tint)
      page.rectangle(MARGIN.side, pages.y, 4, height, mark)
    })
  const x = MARGIN.side + 18
  pages.y += 12
  const element = pages.structure.begin('P', parent)
  marked(pages, element, () => drawLines(pages, lines, x, sentence.style.size, sentence.leading, mark))
  pages.structure.end(element)
  if (reasons.length > 0) {
    pages.y += 4
    const list = pages.structure.begin('L', parent)
    for (const text of reasons) {
      const item = pages.structure.begin('LI', list)
      const body = pages.structure.begin('LBody', item)
      for (const [index, line] of text.entries()) {
        pages.need(reason.leading)
        if (index === 0) decoration(pages, (page) => page.rectangle(x + 1, pages.y + 6, 3, 3, mark))
        marked(pages, body, () => drawLines(pages, [line], x + 12, reason.style.size, reason.leading, INK))
      }
      pages.structure.end(body)
      pages.structure.end(item)
      pages.y += 2
    }
    pages.structure.end(list)
  }
  pages.y += 12 + 9
}
