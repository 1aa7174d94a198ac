import { appendFile, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import {
  AuditFiles,
  type Entry,
  recordText,
  Scenario,
  SYSTEMS,
  type System,
  VISITOR_ADDRESS,
} from './index.ts'

const NOW = new Date('2026-03-12T15:30:00Z')

const backlog = (seed: number, count: number): Entry[] => [...new Scenario(seed).backlog(NOW, count)]

const values = (entries: readonly Entry[], system: System, column: string): Set<unknown> =>
  new Set(entries.filter((entry) => entry.system === system).map(({ row }) => row[column]))

/** Every action that Clockify's audit log lists. */
const CLOCKIFY_ACTIONS = [
  'Created time (personal, timer)',
  'Created time (personal, manual)',
  'Created time (import)',
  'Created time (kiosk)',
  'Created time (for other)',
  'Restored time (personal)',
  'Restored time (for other)',
  'Updated time (personal)',
  'Updated time (for other)',
  'Deleted time (personal)',
  'Deleted time (for other)',
  'Created project',
  'Created project (import)',
  'Created project (QuickBooks)',
  'Updated project',
  'Deleted project',
  'Created task',
  'Created task (import)',
  'Updated task (personal)',
  'Updated task (for other)',
  'Deleted task',
  'Created client',
  'Created client (import)',
  'Created client (QuickBooks)',
  'Updated client',
  'Deleted client',
  'Created tag',
  'Created tag (import)',
  'Updated tag',
  'Deleted tag',
  'Created expense (personal)',
  'Created expense (for other)',
  'Restored expense (personal)',
  'Restored expense (for other)',
  'Updated expense (personal)',
  'Updated expense (for other)',
  'Deleted expense (personal)',
  'Deleted expense (for other)',
]

const CONNEXCS_ACTIONS = ['CREATE', 'DELETE', 'GENERATE', 'LOGIN', 'POST', 'PUBLISH', 'PUT', 'SEND', 'UPDATE']

const STRAPI_ACTIONS = [
  ...['content-type', 'media', 'role', 'permission', 'admin-user', 'token', 'webhook'].flatMap((kind) =>
    ['create', 'update', 'delete'].map((verb) => `${kind}.${verb}`),
  ),
  ...['create', 'update', 'delete', 'publish', 'unpublish'].map((verb) => `entry.${verb}`),
  'admin.auth.success',
  'admin.auth.error',
  'admin.logout',
]

const ERP_ACTIONS = [
  ...['Create', 'Update', 'Delete', 'View', 'Login', 'Logout', 'Export', 'Import', 'Settings Change'],
  ...['Report Generated', 'Password Change', 'Profile Update', 'Permission Request'],
  ...['Password Reset', 'API Key Created', 'Permission Changed', '2FA Enabled', 'Account Locked'],
  ...['Scheduled Job', 'Configuration Change', 'Error', 'Performance Alert', 'Notification'],
]

const ERP_EVENTS = [
  'Login Success',
  ...[1, 2, 3, 4, 5].map((attempt) => `Failed Login (${attempt}/5)`),
  ...['Scheduled Backup', 'Email Queue Process', 'Currency Rate Update', 'Index Rebuild', 'Log Rotation'],
  ...['Scheduled Reports', 'Daily Reconciliation', 'Integration Sync', 'Integration Error'],
  ...['Approval request created', 'Manager notification sent'],
]

const ERP_TYPES = [
  ...[
    'Security Events',
    'User Actions',
    'Record Changes',
    'System Events',
    'API Requests',
    'View/Read Actions',
  ],
]

const CREATIO_ACTIONS = [
  ...['Login', 'Logout', 'User role change', 'Operation permission change', 'Record permission change'],
  ...['System setting change', 'Archive', 'Insert', 'Update', 'Delete'],
]

const missing = (wanted: readonly string[], found: Set<unknown>): string[] =>
  wanted.filter((value) => !found.has(value))

describe('the scenario', () => {
  it('is the same for the same seed and clock, and another for another seed', () => {
    const text = (seed: number): string => backlog(seed, 500).map(recordText).join('')
    expect(text(7)).toBe(text(7))
    expect(text(7)).not.toBe(text(8))
  })

  it.each([1, 2, 3, 99])('seed %i: a backlog of 2,000 holds every event type of the five systems', (seed) => {
    const entries = backlog(seed, 2000)
    expect(missing(CLOCKIFY_ACTIONS, values(entries, 'clockify', 'Action'))).toEqual([])
    expect(missing(CONNEXCS_ACTIONS, values(entries, 'connexcs', 'Action'))).toEqual([])
    expect(missing(STRAPI_ACTIONS, values(entries, 'strapi', 'action'))).toEqual([])
    expect(missing(ERP_ACTIONS, values(entries, 'erp', 'action'))).toEqual([])
    expect(missing(ERP_EVENTS, values(entries, 'erp', 'event'))).toEqual([])
    expect(missing(ERP_TYPES, values(entries, 'erp', 'type'))).toEqual([])
    expect(missing(CREATIO_ACTIONS, values(entries, 'creatio', 'Action'))).toEqual([])
  })

  it('tells of the night: five failed sign-ins, a lock, a new administrator, 5,000 customers exported', () => {
    const night = backlog(1, 1000).filter(({ row }) =>
      String(row.ip_address ?? row.ClientIP).startsWith(VISITOR_ADDRESS),
    )
    const told = night
      .filter(({ system }) => system === 'erp')
      .map(({ row }) => String(row.event ?? row.action))
    expect(told).toEqual([
      'Failed Login (1/5)',
      'Failed Login (2/5)',
      'Failed Login (3/5)',
      'Failed Login (4/5)',
      'Failed Login (5/5)',
      'Account Locked',
      'Login Success',
      'Permission Changed',
      'Password Reset',
      'API Key Created',
      'Login Success',
      'View',
      'Export',
    ])
    expect(night.at(-1)?.row).toMatchObject({ user: 'Bob Morrison', role: 'Admin', record_count: 5000 })
    for (const { row } of night) {
      const at = new Date(String(row.timestamp ?? row.Date ?? `${row['Date / Time']}Z`))
      expect(at.getUTCHours()).toBe(2)
    }
  })

  it('goes forward in time, and its ids never repeat, also from one run to the next', () => {
    const first = backlog(1, 1500).filter(({ system }) => system === 'erp')
    const times = first.map(({ row }) => String(row.timestamp))
    expect(times).toEqual(times.toSorted())
    const again = new Scenario(1)
    const later = Array.from({ length: 500 }, (_, index) => again.next(new Date(NOW.getTime() + index * 200)))
    const ids = [...first, ...later.filter(({ system }) => system === 'erp')].map(({ row }) => row.event_id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('a change takes up where the change before left off', () => {
    const limits = new Map<unknown, unknown>()
    let checked = 0
    for (const { system, row } of backlog(5, 3000)) {
      if (system !== 'erp' || !Array.isArray(row.changes)) continue
      for (const change of row.changes) {
        if (change.field !== 'Credit Limit') continue
        if (limits.has(row.record_id)) {
          expect(change.previous_value).toBe(limits.get(row.record_id))
          checked++
        }
        limits.set(row.record_id, change.new_value)
      }
    }
    expect(checked).toBeGreaterThan(20)
  })
})

describe('the audit files', () => {
  const folders: string[] = []
  afterEach(async () => {
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
  })
  async function folder(): Promise<string> {
    const made = await mkdtemp(join(tmpdir(), 'waybill-generator-'))
    folders.push(made)
    return made
  }

  it('rotation renames a full file and begins a new one: no record is lost, each CSV file has its header', async () => {
    const where = await folder()
    const entries = backlog(1, 600)
    const files = new AuditFiles({ folder: where, rotateAfter: 50, keep: 100 })
    await files.open()
    const inode = (await stat(join(where, 'erp.jsonl'))).ino
    for (let from = 0; from < entries.length; from += 70)
      await files.write(entries.slice(from, from + 70), NOW)
    await files.close()
    const names = (await readdir(where)).sort()
    const renamed = names.filter((name) => name.startsWith('erp-'))
    expect(renamed.length).toBeGreaterThan(2)
    const inodes = await Promise.all(renamed.map(async (name) => (await stat(join(where, name))).ino))
    expect(inodes).toContain(inode)
    let lines = 0
    for (const name of names.filter((name) => name.endsWith('.jsonl'))) {
      for (const line of (await readFile(join(where, name), 'utf8')).split('\n').slice(0, -1)) {
        JSON.parse(line)
        lines++
      }
    }
    expect(lines).toBe(entries.filter(({ system }) => system !== 'clockify').length)
    for (const name of names.filter((name) => name.endsWith('.csv')))
      expect(await readFile(join(where, name), 'utf8')).toMatch(/^Timestamp,Author,/)
  })

  it('only the newest rotated files are kept', async () => {
    const where = await folder()
    const files = new AuditFiles({ folder: where, rotateAfter: 10, keep: 2 })
    await files.open()
    for (const [index, entry] of backlog(1, 400).entries()) {
      await files.write([entry], new Date(NOW.getTime() + index))
    }
    await files.close()
    const names = await readdir(where)
    for (const system of SYSTEMS)
      expect(names.filter((name) => name.startsWith(`${system}-`)).length).toBeLessThanOrEqual(2)
  })

  it('half a record of a killed run gets a line of its own', async () => {
    const where = await folder()
    await appendFile(join(where, 'erp.jsonl'), '{"event_id":"LOG-2026-1","times')
    const files = new AuditFiles({ folder: where, rotateAfter: 100, keep: 1 })
    expect(files.begun()).toBe(true)
    await files.open()
    await files.write(backlog(1, 50), NOW)
    await files.close()
    const [first, second] = (await readFile(join(where, 'erp.jsonl'), 'utf8')).split('\n')
    expect(first).toBe('{"event_id":"LOG-2026-1","times')
    expect(JSON.parse(second ?? '')).toHaveProperty('event_id')
  })
})
