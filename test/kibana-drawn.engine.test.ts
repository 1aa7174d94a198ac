import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { kibanaObjects, ndjsonOf, type SavedObject } from '../dashboards/kibana/index.ts'
import { alertIndex } from '../dashboards/watches/index.ts'
import { importIntoKibana } from '../indexer/cli/kibana-import.ts'
import { ALERT_MAPPING } from '../indexer/store/elasticsearch/index.ts'
import { TestCluster } from '../indexer/store/elasticsearch/testing/engine.ts'
import type { ShownAgent } from '../indexer/store/port.ts'
import { batchOfLines, idAt } from '../indexer/store/testing/batches.ts'
import { type Additions, type AuditEvent, canonical, valueAt } from '../schema/index.ts'
import { Chromium } from './browser/chromium.ts'

/** An import that is answered with success can still draw nothing: each dashboard is looked at, in the Kibana that WAYBILL_TEST_KIBANA names. */
const KIBANA = process.env.WAYBILL_TEST_KIBANA ?? ''
const engine = inject('engine')
const canDraw = KIBANA !== '' && engine.kind === 'named'
const INTEGRATIONS = join(import.meta.dirname, '../integrations')
const HOUR = 3_600_000

/** Events of every integration's samples, as if they had happened in the last days. */
function lifelike(now: number): AuditEvent[] {
  const lines = readdirSync(INTEGRATIONS).flatMap((name) =>
    readdirSync(join(INTEGRATIONS, name, 'expected')).flatMap((file) =>
      readFileSync(join(INTEGRATIONS, name, 'expected', file), 'utf8')
        .trim()
        .split('\n'),
    ),
  )
  return lines.map((line, i) => {
    const event = JSON.parse(line) as AuditEvent & { readonly event: object }
    return {
      ...event,
      '@timestamp': new Date(now - (i % 60) * HOUR).toISOString(),
      event: { ...event.event, id: idAt(i), sequence: i },
    }
  })
}

/** What a panel says but for its title, which one that draws nothing has, too. */
function saidBeside(titles: readonly string[], text: string): string {
  const [own = ''] = titles.filter((title) => text.includes(title)).toSorted((a, b) => b.length - a.length)
  return text.replaceAll(own, '').replace('Dashboard panel:', '').trim()
}

const agentAt = (seen: number): ShownAgent => ({
  id: 'agent-1',
  name: 'web-1',
  host: 'web-1.example',
  version: '1.0.0',
  enrolled: seen - HOUR,
  revoked: false,
  seen,
  silentAfter: 300_000,
  lagBytes: 2048,
  oldestPending: 1500,
  clockOffset: -3,
  ledger: {
    read: 12,
    stored: 8,
    duplicate: 1,
    filtered: 1,
    dead: 1,
    quarantined: 0,
    discarded: 0,
    pending: 1,
    skipped: 2,
    truncated: 0,
    errors: 0,
    dropped: 0,
  },
  notices: [],
  breaks: 0,
})

const PLACE: Additions = { source: { geo: { city_name: 'Berlin', location: { lat: 52.5, lon: 13.4 } } } }

describe.runIf(canDraw)('in the Kibana that WAYBILL_TEST_KIBANA names', () => {
  const cluster = new TestCluster(engine)
  const authorization = `Basic ${Buffer.from(`${engine.username}:${engine.password}`).toString('base64')}`
  let objects: readonly SavedObject[]
  let chromium: Chromium
  let page: Page

  beforeAll(async () => {
    const namespace = await cluster.make()
    const store = await cluster.open(namespace, { strict: false })
    const now = Date.now()
    const events = lifelike(now)
    const failed = { kind: 'pipeline_error', reason: 'the line is not JSON', id: idAt(90_000) }
    const broken = { ...events[0], event: { ...(events[0]?.event as object), ...failed } }
    const own = { action: 'agent-enroll', module: 'waybill', id: idAt(91_000), outcome: 'success' }
    const enrolled = { ...events[1], event: { ...(events[1]?.event as object), ...own } }
    const all = [...events, broken]
    const additions = all.map((event) => (valueAt(event, 'source.ip') === undefined ? null : PLACE))
    const lines = [...all.map(canonical), 'no event at all']
    await store.write(batchOfLines(1, lines, { ingested: now, additions: [...additions, null] }))
    await store.write(batchOfLines(1, [canonical(enrolled)], { agent: 'indexer-1', ingested: now }))
    await store.showAgents?.([agentAt(now)])
    await store.close()
    const alert = {
      '@timestamp': new Date(now).toISOString(),
      message: 'anna failed to sign in',
      rule: { name: 'Failed sign-ins' },
      alert: { priority: 'high', count: 2, events: [idAt(0), idAt(1)] },
    }
    await cluster.client.indices.create({ index: alertIndex(namespace), mappings: ALERT_MAPPING })
    await cluster.client.index({ index: alertIndex(namespace), document: alert })
    await cluster.settled()
    objects = kibanaObjects({ namespace, console: 'http://127.0.0.1:8600' })
    expect(await importIntoKibana(new URL(KIBANA), authorization, ndjsonOf(objects))).toBe(objects.length)
    chromium = await Chromium.start({ width: 1500, height: 2600 })
    page = await chromium.page()
    const params = { username: engine.username, password: engine.password }
    const data = { providerType: 'basic', providerName: 'basic', currentURL: KIBANA, params }
    await chromium.context.request.post(`${KIBANA}/internal/security/login`, {
      headers: { 'kbn-xsrf': 'waybill' },
      data,
    })
  })
  afterAll(async () => {
    await chromium?.end()
    for (const { type, id } of objects ?? [])
      await fetch(`${KIBANA}/api/saved_objects/${type}/${id}?force=true`, {
        method: 'DELETE',
        headers: { authorization, 'kbn-xsrf': 'waybill' },
      })
    await cluster.remove()
  })

  const titles = kibanaObjects().flatMap(({ type, attributes }) =>
    type === 'dashboard' ? [String(attributes.title)] : [],
  )
  it.each(titles)('%s is drawn, each panel with data', { timeout: 240_000 }, async (title) => {
    const { id, attributes } = objects.find(
      ({ type, attributes: { title: its } }) => type === 'dashboard' && String(its).startsWith(title),
    )!
    const wanted = (JSON.parse(String(attributes.panelsJSON)) as { title: string }[]).map((one) => one.title)
    const time = '?_g=(time:(from:now-30d,to:now))'
    await page.goto(`${KIBANA}/app/dashboards#/view/${id}${time}`, {
      timeout: 180_000,
      waitUntil: 'domcontentloaded',
    })
    const panels = page.locator('[data-test-subj="embeddablePanel"]')
    await expect.poll(() => panels.count(), { timeout: 180_000 }).toBe(wanted.length)
    const texts = async (): Promise<string[]> =>
      (await panels.allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' '))
    const empty = async (): Promise<string[]> =>
      (await texts()).filter((text) => /No results found|Could not|Unable to/.test(text))
    await expect
      .poll(() => page.locator('.euiLoadingChart, .euiLoadingSpinner').count(), { timeout: 90_000 })
      .toBe(0)
    await expect.poll(empty, { timeout: 30_000 }).toEqual([])
    const undrawn = async (): Promise<string[]> =>
      (await texts()).filter((text) => saidBeside(wanted, text) === '')
    await expect.poll(undrawn, { timeout: 30_000 }).toEqual([])
    if (!title.endsWith('loss ledger')) return
    const [now = '', ledger = ''] = (await texts()).filter((text) => text.includes('web-1'))
    expect(now).toMatch(/web-1 .* Well /)
    expect(ledger).toContain(
      'Read = Stored + Duplicate + Filtered + Dead + Quarantined + Discarded + Pending',
    )
  })

  it('an alert leads to its events in the log viewer', { timeout: 240_000 }, async () => {
    const overview = objects.find(({ id }) => id.startsWith('waybill-overview-'))
    await page.goto(`${KIBANA}/app/dashboards#/view/${overview?.id}`, { timeout: 180_000 })
    const link = page.locator('a', { hasText: 'Show events' }).first()
    const address = await link.getAttribute('href', { timeout: 180_000 })
    await page.goto('about:blank')
    await page.goto(address ?? '', { timeout: 180_000, waitUntil: 'domcontentloaded' })
    await expect
      .poll(() => page.locator('[data-test-subj="embeddablePanel"]').allInnerTexts(), { timeout: 120_000 })
      .toContainEqual(expect.stringMatching(/\b2\s+documents/))
  })
})
