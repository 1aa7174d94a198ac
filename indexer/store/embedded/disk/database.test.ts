import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { afterEach, expect, it } from 'vitest'
import { temporaryFolders } from '../../testing/batches.ts'
import { openDatabase } from './database.ts'

const folders = temporaryFolders()
afterEach(() => folders.remove())

const pragma = (database: DatabaseSync, name: string): unknown =>
  Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]

it('a connection that writes syncs its log at each commit, to the drive itself, and checkpoints seldom', () => {
  const database = openDatabase(join(folders.make(), 'a.db'), { cache: 100 })
  try {
    const names = ['journal_mode', 'synchronous', 'fullfsync', 'checkpoint_fullfsync', 'wal_autocheckpoint']
    expect(names.map((name) => [name, pragma(database, name)])).toEqual([
      ['journal_mode', 'wal'],
      ['synchronous', 2],
      ['fullfsync', 1],
      ['checkpoint_fullfsync', 1],
      ['wal_autocheckpoint', (32 << 20) / 1024],
    ])
    expect(pragma(database, 'page_size')).toBe(1024)
    expect(pragma(database, 'locking_mode')).toBe('normal')
  } finally {
    database.close()
  }
})

it('a connection that reads can’t write', () => {
  const file = join(folders.make(), 'a.db')
  openDatabase(file, { cache: 100 }).close()
  const database = openDatabase(file, { cache: 100, readOnly: true })
  try {
    expect(() => database.exec('CREATE TABLE t (a)')).toThrow('readonly')
  } finally {
    database.close()
  }
})

it('no connection is opened but by this file, and none changes how it syncs', () => {
  const rooms = join(import.meta.dirname, '../../..')
  const files = readdirSync(rooms, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
  )
  const found = files.filter((name) =>
    /new DatabaseSync\(|PRAGMA (?!user_version)/.test(readFileSync(join(rooms, name), 'utf8')),
  )
  expect(found.map((name) => name.split('/').at(-1))).toEqual(['database.ts'])
})
