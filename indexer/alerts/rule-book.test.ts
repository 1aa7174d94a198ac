import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Act } from '../ingest/index.ts'
import { matches } from '../query/index.ts'
import { openEmbeddedStore, SharedRecords, type Store } from '../store/index.ts'
import { temporaryFolders } from '../store/testing/batches.ts'
import { RuleBook } from './index.ts'

const text = (query: string, more = ''): string => `# Who took what?
name: Exports
about: Each export
query: "${query}"
condition: event
priority: high
channels: [admin]
message: "{user.name} exported"
throttle: 1h
response: Ask them what for.
${more}`

const BY = { name: 'olga', address: '192.0.2.7' }
const NOW = Date.UTC(2026, 0, 22)

const folders = temporaryFolders()
let store: Store
let folder: string
let acts: Act[]
let said: string[]
const opened: RuleBook[] = []
beforeEach(async () => {
  store = await openEmbeddedStore({ path: folders.make(), minimumFree: 0 })
  folder = folders.make()
  acts = []
  said = []
})
afterEach(async () => {
  for (const book of opened.splice(0)) book.close()
  await store.close()
  folders.remove()
})

async function openBook(): Promise<RuleBook> {
  const book = await RuleBook.open({
    records: await shared(),
    trail: { record: async (...some) => void acts.push(...some) },
    folder,
    log: { warn: (sentence: string) => void said.push(sentence) },
    clock: () => NOW,
  })
  opened.push(book)
  return book
}

const shared = () => SharedRecords.open(store.records, (sentence) => said.push(sentence))

const file = (name: string, content: string): void => writeFileSync(join(folder, name), content)
const isRefused = (code: string) => expect.objectContaining({ code })

describe('a saved list', () => {
  const scanners = (...values: string[]): void => {
    mkdirSync(join(folder, 'lists'), { recursive: true })
    file(join('lists', 'scanners.yml'), `field: source.ip\nvalues: [${values.join(', ')}]\n`)
  }
  const event = (ip: string) => ({ event: { action: 'export' }, source: { ip } })
  const found = (book: RuleBook, id: string, ip: string): boolean =>
    matches(book.get(id)!.rule!.query, event(ip))
  const using = text('action: export', 'except-lists: [scanners]\n')

  it('leaves out its values, in rules of the folder and of the store, and a change of it counts', async () => {
    file('exports.yml', using)
    scanners('192.0.2.10', '198.51.100.0/24')
    const book = await openBook()
    await book.put('mine', { text: using, version: undefined }, BY)
    const ips = ['192.0.2.10', '198.51.100.7', '192.0.2.11']
    for (const id of ['exports', 'mine'])
      expect(ips.map((ip) => found(book, id, ip))).toEqual([false, false, true])
    const before = book.get('mine')!.rule!.version
    scanners('192.0.2.11')
    book.lookAtFiles()
    for (const id of ['exports', 'mine'])
      expect(ips.map((ip) => found(book, id, ip))).toEqual([true, true, false])
    // Alerts of the other list are others.
    expect(book.get('mine')!.rule!.version).not.toBe(before)
  })

  it('takes texts as they are: an asterisk and a quotation mark mean nothing', async () => {
    mkdirSync(join(folder, 'lists'))
    file(join('lists', 'scanners.yml'), `field: user.name\nvalues: ["svc *", 'a "b"', 4711]\n`)
    file('exports.yml', using)
    const book = await openBook()
    const names = ['svc *', 'svc x', 'a "b"', '4711'].map((name) =>
      matches(book.get('exports')!.rule!.query, { event: { action: 'export' }, user: { name } }),
    )
    expect(names).toEqual([false, true, false, false])
  })

  it('that is not there or wrong stops only the rules that use it, and they say why', async () => {
    file('exports.yml', using)
    file('others.yml', text('action: export'))
    const book = await openBook()
    expect(book.get('exports')?.problem).toContain('there is no list scanners in the folder lists')
    expect(book.get('others')?.rule).not.toBeNull()
    mkdirSync(join(folder, 'lists'))
    file(join('lists', 'scanners.yml'), 'field: source.ipp\nvalues: [192.0.2.1]\n')
    book.lookAtFiles()
    expect(book.get('exports')?.problem).toContain('there is no such field')
    file(join('lists', 'scanners.yml'), 'field: source.ip\nvalues: [192.0.2.999]\n')
    book.lookAtFiles()
    expect(book.get('exports')?.problem).toMatch(/scanners\.yml/)
  })
})

describe('the rules of the folder', () => {
  it('with a mistake are in the book with file, line and what is allowed, and the others go on', async () => {
    file('exports.yml', text('action: export'))
    file('broken.yml', text('action: export').replace('high', 'huge').replace('user.name', 'usr.name'))
    file('no-yaml.yml', 'name: [')
    file('my rule.yml', text('action: export'))
    const book = await openBook()
    expect(book.all().map(({ id, rule, enabled }) => [id, rule?.name ?? null, enabled])).toEqual([
      ['broken', null, true],
      ['exports', 'Exports', true],
      ['my rule', null, true],
      ['no-yaml', null, true],
    ])
    expect(book.get('broken')?.problem).toBe(
      `${join(folder, 'broken.yml')}:6: priority: found "huge"; allowed: low, medium, high, critical\n` +
        `${join(folder, 'broken.yml')}:8: message: found "{usr.name} exported"; {usr.name} is not a field; name one of docs/fields.md, or {count}, {person}`,
    )
    expect(book.get('no-yaml')?.problem).toMatch(/no-yaml\.yml:\d: not YAML/)
    expect(book.get('my rule')?.problem).toContain('rename this file')
    expect(said).toHaveLength(3)
  })

  it('are read again when a file changes, comes or goes, and followers hear of it', async () => {
    file('exports.yml', text('action: export'))
    const book = await openBook()
    const heard: string[][] = []
    book.follow(() => heard.push(book.all().map(({ id, rule }) => `${id} ${rule?.asked}`)))
    book.lookAtFiles()
    expect(heard).toEqual([])
    file('exports.yml', text('action: import'))
    utimesSync(join(folder, 'exports.yml'), new Date(), new Date(NOW))
    book.lookAtFiles()
    file('views.yml', text('action: view'))
    book.lookAtFiles()
    rmSync(join(folder, 'exports.yml'))
    book.lookAtFiles()
    expect(heard).toEqual([
      ['exports action: import'],
      ['exports action: import', 'views action: view'],
      ['views action: view'],
    ])
  })

  it('stay while their folder is away, and the book says that it is', async () => {
    file('exports.yml', text('action: export'))
    const book = await openBook()
    rmSync(folder, { recursive: true })
    book.lookAtFiles()
    expect(book.folderProblem).toContain(`The folder ${folder} does not exist`)
    expect(book.all()).toHaveLength(1)
    mkdirSync(folder)
    book.lookAtFiles()
    expect([book.folderProblem, book.all()]).toEqual([null, []])
  })

  it('keep their objects where nothing changed, so that an engine keeps their state', async () => {
    file('exports.yml', text('action: export'))
    file('views.yml', text('action: view'))
    const book = await openBook()
    const before = book.get('exports')
    await book.switch('views', false, BY)
    book.reload(folder)
    expect(book.get('exports')).toBe(before)
  })
})

describe('a rule in the store', () => {
  it('takes precedence over the file, and the file counts again when it is removed', async () => {
    file('exports.yml', text('action: export'))
    const book = await openBook()
    const saved = await book.put('exports', { text: text('action: import'), version: 0 }, BY)
    expect(saved).toMatchObject({ origin: 'console', version: 1, changed: { at: NOW, by: 'olga' } })
    expect((await openBook()).get('exports')?.rule?.asked).toBe('action: import')
    await book.remove('exports', 1, BY)
    expect(book.get('exports')).toMatchObject({
      origin: 'file',
      version: 0,
      rule: { asked: 'action: export' },
    })
  })

  it('is recorded before it is there, with what changed', async () => {
    const book = await openBook()
    const stopped = new Error('the power is gone')
    const broken = await RuleBook.open({
      records: await shared(),
      trail: { record: () => Promise.reject(stopped) },
      folder,
      log: { warn: () => {} },
      clock: () => NOW,
    })
    opened.push(broken)
    await expect(
      broken.put('exports', { text: text('action: export'), version: undefined }, BY),
    ).rejects.toBe(stopped)
    expect(await store.records.list('rule')).toEqual([])
    await book.put('exports', { text: text('action: export'), version: undefined }, BY)
    await book.put('exports', { text: text('action: import').replace('1h', '2h'), version: 1 }, BY)
    await book.put('exports', { text: `${text('action: import').replace('1h', '2h')}# why`, version: 2 }, BY)
    await book.switch('exports', false, BY)
    await book.remove('exports', 4, BY)
    expect(acts.map(({ action, entity }) => [action, entity?.id])).toEqual([
      ['rule-create', 'exports'],
      ['rule-change', 'exports'],
      ['rule-change', 'exports'],
      ['rule-disable', 'exports'],
      ['rule-remove', 'exports'],
    ])
    expect(acts[1]?.changes).toEqual([
      { field: 'query', old: 'action: export', new: 'action: import' },
      { field: 'throttle', old: '1h', new: '2h' },
    ])
    expect(acts[2]?.changes?.map(({ field }) => field)).toEqual(['text'])
    expect(acts[0]?.changes).toContainEqual({ field: 'priority', old: null, new: 'high' })
  })

  it('is changed by one of two at a time: the other is refused, and the trail says so', async () => {
    const [one, two] = [await openBook(), await openBook()]
    await one.put('exports', { text: text('action: export'), version: undefined }, BY)
    const late = two.put('exports', { text: text('action: import'), version: undefined }, BY)
    await expect(late).rejects.toEqual(isRefused('WB-CHANGED'))
    expect(acts.map(({ outcome }) => outcome)).toEqual(['success', 'success', 'failure'])
    expect(two.get('exports')?.rule?.asked).toBe('action: export')
    await expect(two.put('exports', { text: text('action: view'), version: 7 }, BY)).rejects.toEqual(
      isRefused('WB-CHANGED'),
    )
    await expect(two.put('exports', { text: text('x'), version: undefined }, BY)).rejects.toEqual(
      isRefused('WB-EXISTS'),
    )
  })

  it('keeps its earlier texts, the newest first and fifty at most, also that of the file', async () => {
    file('exports.yml', text('action: export'))
    const book = await openBook()
    let { version } = await book.put('exports', { text: text('n: 0'.replace('n', 'action')), version: 0 }, BY)
    for (let i = 1; i < 55; i++)
      version = (await book.put('exports', { text: text(`action: ${i}`), version }, BY)).version
    const earlier = await book.earlier('exports')
    expect(earlier).toHaveLength(50)
    expect(earlier[0]).toEqual({ at: NOW, by: 'olga', text: text('action: 53') })
    await book.put('views', { text: text('action: view'), version: undefined }, BY)
    file('views.yml', text('action: view-file'))
    book.reload(folder)
    await book.remove('views', undefined, BY)
    await book.put('views', { text: text('action: 2'), version: 0 }, BY)
    expect((await book.earlier('views')).map(({ by }) => by)).toEqual(['file', 'olga'])
  })

  it('with a mistake is refused; one that an earlier version accepted stays, with its problem', async () => {
    const book = await openBook()
    const wrong = text('action: export').replace('priority', 'priorty')
    await expect(book.put('exports', { text: wrong, version: undefined }, BY)).rejects.toMatchObject({
      code: 'WB-RULE-INVALID',
      message: expect.stringMatching(/exports\.yml:6: unknown key "priorty" \(did you mean "priority"\?\)/),
    })
    expect(acts).toEqual([])
    await store.records.put('rule', 'old', { text: wrong, enabled: true, at: NOW, by: 'olga' }, null)
    await store.records.put('rule', 'newer', { sentence: 'of another version' }, null)
    const later = await openBook()
    expect(later.all()).toMatchObject([
      { id: 'old', rule: null, problem: expect.stringContaining('old.yml:6') },
    ])
    expect(said.join('\n')).toContain('The record of the rule newer is not understood')
  })

  it('can not make the indexer read its variables and files, or fill its memory', async () => {
    const book = await openBook()
    const save = (query: string, more = '') =>
      book.put('mine', { text: text(query, more), version: undefined }, BY)
    await expect(save('action: ${env:PATH}')).rejects.toEqual(isRefused('WB-RULE-INVALID'))
    await expect(save(`action: \${file:${join(folder, 'exports.yml')}}`)).rejects.toThrow(
      'only rules in files',
    )
    const series = Array.from({ length: 20 }, () => '{ at: 2026-01-22T10:00:00Z, times: 10000 }').join()
    const examples = `examples: [{ is: a, fires: 1, events: [${series}] }, { is: b, fires: 0 }]\n`
    await expect(save('action: x', examples)).rejects.toThrow('more than 50000 events')
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]']
    for (const [i, name] of ['b', 'c', 'd', 'e', 'f'].entries())
      bomb.push(`${name}: &${name} [${Array(10).fill(`*${'abcde'[i]}`).join()}]`)
    await expect(save('action: x', `${bomb.join('\n')}\n`)).rejects.toEqual(isRefused('WB-RULE-INVALID'))
  })
})

describe('a switch', () => {
  it('keeps a rule of a file off, over restarts and changes of the file', async () => {
    file('exports.yml', text('action: export'))
    const book = await openBook()
    await book.switch('exports', false, BY)
    file('exports.yml', text('action: import, and more'))
    const again = await openBook()
    expect(again.get('exports')).toMatchObject({ enabled: false, origin: 'file', version: 1 })
    expect(again.get('exports')?.rule?.asked).toBe('action: import, and more')
    await again.switch('exports', false, BY)
    expect(acts).toHaveLength(1)
  })

  it('of an unknown rule, and the removal of a file’s, are refused', async () => {
    file('exports.yml', text('action: export'))
    const book = await openBook()
    await expect(book.switch('nothing', false, BY)).rejects.toEqual(isRefused('WB-NOT-FOUND'))
    await expect(book.remove('exports', undefined, BY)).rejects.toEqual(isRefused('WB-RULE-FILE'))
  })
})
