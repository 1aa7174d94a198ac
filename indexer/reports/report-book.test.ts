import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readControls } from './controls.ts'
import { ReportLibrary } from './library.ts'
import { readReports } from './report-book.ts'

const folder = mkdtempSync(join(tmpdir(), 'waybill-reports-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function reportOf(name: string, text: string) {
  writeFileSync(join(folder, `${name}.yml`), text)
  return readReports(folder).reports.find(({ id }) => id === name)
}

test('every supplied report and control can be read, and every control names reports that there are', () => {
  const { reports } = readReports(undefined)
  expect(reports.map(({ problem }) => problem)).toEqual(reports.map(() => null))
  expect(reports.length).toBe(10)
  const { frameworks, problems } = readControls(undefined)
  expect(problems).toEqual([])
  expect(frameworks.map(({ id }) => id).toSorted()).toEqual([
    'dora',
    'gdpr',
    'hipaa',
    'iso-27001',
    'nis2',
    'nist-800-53',
    'pci-dss',
    'soc-2',
  ])
  const named = frameworks.flatMap(({ controls }) =>
    controls.flatMap(({ reports }) => reports.map(({ report }) => report)),
  )
  expect([...new Set(named)].toSorted()).toEqual(reports.map(({ id }) => id).toSorted())
})

test.each([
  ['a title that is missing', 'about: x\n', 'missing-title.yml:1: title: missing; expected a text'],
  [
    'a field that there is not',
    'title: T\nabout: x\nrows:\n  columns: [time, user.nme]\n',
    'there is no such field (did you mean "user.name"?)',
  ],
  [
    'a field that can not be counted',
    'title: T\nabout: x\nfindings:\n  - title: By text\n    by: message\n',
    'findings[0].by',
  ],
  ['a query that is none', 'title: T\nabout: x\nquery: "user: ("\n', ':3: query:'],
  [
    'a table that there is not',
    'title: T\nabout: x\nfindings:\n  - title: Agents\n    from: agnts\n',
    'findings[0].from',
  ],
  ['a key that there is not', 'title: T\nabot: x\n', 'unknown key "abot" (did you mean "about"?)'],
  [
    'a member that a section has not',
    'title: T\nabout: x\nfindings:\n  - title: Agents\n    from: agents\n    top: 5\n',
    'a section with `from` has no member top; it may have title, note, from',
  ],
  [
    'a section of no kind',
    'title: T\nabout: x\nfindings:\n  - title: Agents\n',
    'expected one of by, figures, from, events',
  ],
])('%s is named with its place, and the other reports go on', (name, text, said) => {
  const id = name.includes('missing') ? 'missing-title' : 'wrong'
  const report = reportOf(id, text)
  expect(report?.declaration).toBe(null)
  expect(report?.problem).toContain(said)
  expect(readReports(folder).reports.filter(({ problem }) => problem === null).length).toBe(10)
})

test('a mistake in an own report leaves the supplied one of its name in place', () => {
  const own = reportOf('data-change', 'title: Ours\nabout: x\nquery: "user: ("\n')
  expect(own).toMatchObject({ origin: 'supplied', declaration: { title: 'Data change' } })
  expect(own?.problem).toContain('Until then the supplied report is made.')
  rmSync(join(folder, 'data-change.yml'))
})

test("a report of the operator's own takes the place of the supplied one of its name, and may bring controls", () => {
  const own = reportOf(
    'user-access',
    'title: Ours\nabout: x\nquery: "source: erp"\nrows: { columns: [time] }\n',
  )
  expect(own).toMatchObject({ origin: 'own', declaration: { title: 'Ours' }, problem: null })
  mkdirSync(join(folder, 'controls'))
  writeFileSync(
    join(folder, 'controls/house.yml'),
    'title: House rules\nversion: "1"\ncontrols:\n  - control: H1\n    demands: Know who came.\n    reports: [{ report: user-access, support: It lists them. }]\n',
  )
  writeFileSync(join(folder, 'controls/wrong.yml'), 'title: Wrong\n')
  const { frameworks, problems } = readControls(folder)
  expect(frameworks.map(({ title }) => title)).toContain('House rules')
  expect(problems).toEqual([expect.stringContaining('wrong.yml')])
})

test('a folder that is not there is said, and the supplied reports are there all the same', () => {
  const { reports, problem } = readReports(join(folder, 'nowhere'))
  expect(problem).toContain('Correct reports.own in indexer.yml')
  expect(reports.length).toBe(10)
})

test('the library sees files that change, names what is wrong once, and makes reports without a logo that can not be read', () => {
  const own = join(folder, 'library')
  mkdirSync(own)
  const said: string[] = []
  const settings = { own, organisation: { name: 'Acme', logo: join(own, 'logo.gif') } }
  const library = new ReportLibrary(
    () => settings,
    (sentence) => void said.push(sentence),
  )
  expect(library.reports.reports.length).toBe(10)
  expect(library.organisation).toEqual({ name: 'Acme', logo: null })
  expect(said).toEqual([expect.stringContaining('logo.gif is neither a .png nor an .svg')])
  writeFileSync(join(own, 'ours.yml'), 'title: Ours\n')
  library.look()
  expect(said.length).toBe(2)
  expect(library.reports.reports.find(({ id }) => id === 'ours')?.problem).toContain('about: missing')
  expect(library.reports.reports.length).toBe(11)
  expect(said.length).toBe(2)
  writeFileSync(join(own, 'ours.yml'), 'title: Ours again\nabout: x\nrows: { columns: [time] }\n')
  expect(library.reports.reports.find(({ id }) => id === 'ours')?.declaration?.title).toBe('Ours again')
})
