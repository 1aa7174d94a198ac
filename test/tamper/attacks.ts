import { type KeyObject, sign } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Finding } from '../../schema/api/index.ts'
import { canonical, leafHash, merkleRoot, sha256 } from '../../schema/index.ts'
import {
  changeChunk,
  changeWaybill,
  inControl,
  inDatabase,
  keepLeaf,
  linesOf,
  manifestOf,
  numberOf,
  type Place,
  partitionsOf,
} from './files.ts'
import { EVENTS, edited, MIDDLE, type World } from './world.ts'

type Expected = { readonly kind: Finding['kind'] } & Readonly<Record<string, unknown>>

/** What somebody does to the evidence, and what verification says of it: all of it, and nothing else. */
export interface Attack {
  readonly name: string
  readonly attack: (world: World) => void | Promise<void>
  readonly finds: (world: World) => readonly Expected[]
  /** The verifier has a policy with the keys and checkpoints that were trusted before. */
  readonly withPolicy?: true
}

const part = (members: object): object => ({
  asymmetricMatch: (other: unknown): boolean =>
    Object.entries(members).every(([key, value]) => (other as Record<string, unknown>)[key] === value),
})

const middle = ({ web }: World): Place => ({ agent: web.id, sequence: MIDDLE })
const at = (world: World, position: number): object => part({ ...middle(world), position })

const setUser = (line: Buffer): Buffer =>
  edited(line, (event) => {
    event.user = { name: 'nobody' }
  })

/** Changes the lines of the waybill in the middle of the chain. */
const changeLines = (world: World, change: (lines: Buffer[]) => Buffer[]): void =>
  changeChunk(world.store, 'activity', middle(world), (chunk) => {
    chunk.lines = change(chunk.lines)
    chunk.positions = chunk.lines.map((_, i) => i)
    return chunk
  })

/** Removes one line, and keeps the positions of the others. */
const removeLine = (world: World, index: number): void =>
  changeChunk(world.store, 'activity', middle(world), (chunk) => {
    chunk.lines.splice(index, 1)
    chunk.positions.splice(index, 1)
    return chunk
  })

/** Removes every trace of a waybill from the store's tables. */
function deleteWaybill(world: World, place: Place): void {
  for (const file of partitionsOf(world.store, 'activity'))
    inDatabase(file, (database) => {
      const row = database
        .prepare('SELECT n FROM batches WHERE agent = ? AND sequence = ?')
        .get(place.agent, place.sequence)
      if (row === undefined) return
      database.prepare('DELETE FROM chunks WHERE batch = ?').run(row.n!)
      database.prepare('DELETE FROM batches WHERE n = ?').run(row.n!)
    })
  inControl(world.store, (control) => {
    const n = numberOf(control, place)
    control.prepare('DELETE FROM leaf_hashes WHERE n = ?').run(n)
    control.prepare('DELETE FROM waybills WHERE n = ?').run(n)
  })
}

/** Makes the list of chains agree with the waybills that are left. */
function mendChain(world: World, agent: string): void {
  inControl(world.store, (control) => {
    const rows = control
      .prepare('SELECT sequence, hash FROM waybills WHERE agent = ? ORDER BY sequence')
      .all(agent)
    const last = rows.at(-1)!
    control
      .prepare('UPDATE chains SET last = ?, last_hash = ?, waybills = ? WHERE agent = ?')
      .run(last.sequence!, last.hash!, rows.length, agent)
    control.prepare('UPDATE chain_runs SET last = min(last, ?) WHERE agent = ?').run(last.sequence!, agent)
  })
}

/** Seals the waybill anew over other lines, with a key; the store then agrees with itself. Returns the new hash. */
function reseal(
  world: World,
  place: Place,
  key: KeyObject,
  change: (lines: Buffer[]) => Buffer[],
  previous?: string,
): string {
  let leaves = Buffer.alloc(0)
  const lines = linesOf(world.store, 'activity', place)
  const changed = change(lines)
  leaves = Buffer.concat(changed.map((line) => leafHash(line)))
  changeChunk(world.store, 'activity', place, (chunk) => {
    chunk.lines = changed
    chunk.positions = changed.map((_, i) => i)
    return chunk
  })
  let hash = ''
  changeWaybill(world.store, place, (row, control) => {
    const manifest = { ...manifestOf(row), root: merkleRoot(leaves).toString('hex') }
    if (previous !== undefined) Object.assign(manifest, { previous })
    const bytes = Buffer.from(canonical(manifest))
    hash = sha256(bytes)
    control.prepare('UPDATE leaf_hashes SET hashes = ? WHERE n = ?').run(leaves, row.n!)
    const signature = sign(null, Buffer.concat([Buffer.from('waybill/manifest/1\n'), bytes]), key)
    return { manifest: bytes, signature, hash }
  })
  return hash
}

/** Seals a waybill and all later ones of its chain anew. */
function resealFrom(world: World, first: number, change: (lines: Buffer[]) => Buffer[]): void {
  const { web } = world
  let previous = reseal(world, { agent: web.id, sequence: first }, web.privateKey, change)
  for (let sequence = first + 1; sequence <= web.sequence; sequence++) {
    const before = previous
    changeWaybill(world.store, { agent: web.id, sequence }, (row) => {
      const bytes = Buffer.from(canonical({ ...manifestOf(row), previous: before }))
      previous = sha256(bytes)
      const signed = Buffer.concat([Buffer.from('waybill/manifest/1\n'), bytes])
      return { manifest: bytes, signature: sign(null, signed, web.privateKey), hash: previous }
    })
  }
  mendChain(world, web.id)
}

const logOf = ({ store }: World): string => join(store, 'log')

/** The last bundle of entries of the log, which is partial. */
function lastBundle(world: World): { file: string; bytes: Buffer } {
  const folder = join(logOf(world), 'tile/entries/000.p')
  const widest = readdirSync(folder).sort((a, b) => Number(b) - Number(a))[0]!
  const file = join(folder, widest)
  return { file, bytes: readFileSync(file) }
}

const setResult = (row: Record<string, unknown>, change: (result: Record<string, number>) => void) => {
  const result = JSON.parse(String(row.result)) as Record<string, number>
  change(result)
  return { result: JSON.stringify(result) }
}

/** Fates of lines that were all stored in one category, but for some that never were. */
const fatesWithout = (absent: readonly number[]): Buffer => {
  const bytes: number[] = []
  for (let i = 0; i < EVENTS; i++) bytes.push(absent.includes(i) ? 0 : 2, 1, 0)
  return Buffer.from(bytes)
}

/** Root on the indexer: the store's files, but no key. */
export const STORE_ATTACKS: readonly Attack[] = [
  {
    name: 'an event is edited',
    attack: (world) => changeLines(world, (lines) => lines.with(2, setUser(lines[2]!))),
    finds: (world) => [{ kind: 'event-changed', at: at(world, 2) }],
  },
  {
    name: 'two events are swapped',
    attack: (world) => changeLines(world, (lines) => lines.with(1, lines[4]!).with(4, lines[1]!)),
    finds: (world) => [{ kind: 'events-swapped', at: at(world, 1), with: at(world, 4) }],
  },
  {
    name: 'a whole batch is deleted, everywhere in the store',
    attack: (world) => deleteWaybill(world, middle(world)),
    finds: (world) => [
      { kind: 'waybills-missing', at: part(middle(world)), to: MIDDLE, namedBy: 'log' },
      { kind: 'counts-differ', what: 'waybills', told: 7, found: 6 },
    ],
  },
  {
    name: 'an event is edited together with its kept hash',
    attack: (world) => {
      const changed = setUser(linesOf(world.store, 'activity', middle(world))[2]!)
      changeLines(world, (lines) => lines.with(2, changed))
      keepLeaf(world.store, middle(world), 2, changed)
    },
    finds: (world) => [{ kind: 'root-differs', at: part(middle(world)) }],
  },
  {
    name: 'only a kept hash is changed',
    attack: (world) => keepLeaf(world.store, middle(world), 3, Buffer.from('another line')),
    finds: (world) => [{ kind: 'leaf-hashes-changed', at: part(middle(world)), positions: [3] }],
  },
  {
    name: 'all kept hashes are removed, and nothing else',
    attack: (world) =>
      inControl(world.store, (control) => void control.prepare('DELETE FROM leaf_hashes').run()),
    finds: (world) => [
      // Waybills of which all lines are there are proved without them. The record of the discarded dead letter is in one that is not.
      { kind: 'leaf-hashes-changed', at: part({ agent: world.web.id, sequence: 1 }), positions: [1, 3, 5] },
      { kind: 'leaf-hashes-changed', at: part({ agent: world.web.id, sequence: 5 }), positions: [0] },
      { kind: 'leaf-hashes-changed', at: part({ agent: world.web.id, sequence: 6 }), positions: [1, 2] },
      { kind: 'leaf-hashes-changed', positions: [0] },
      { kind: 'counts-differ', what: 'dead letters' },
    ],
  },
  {
    name: 'an event is removed from the end of its chunk',
    attack: (world) => removeLine(world, EVENTS - 1),
    finds: (world) => [{ kind: 'event-removed', at: at(world, EVENTS - 1) }],
  },
  {
    name: 'an event is removed from the middle, so those behind it move up',
    attack: (world) => changeLines(world, (lines) => lines.toSpliced(2, 1)),
    finds: (world) => [{ kind: 'event-removed', at: at(world, 2) }],
  },
  {
    name: 'all events of a waybill are removed, and the waybill stays',
    attack: (world) => changeChunk(world.store, 'activity', middle(world), () => null),
    finds: (world) =>
      Array.from({ length: EVENTS }, (_, i) => ({ kind: 'event-removed' as const, at: at(world, i) })),
  },
  {
    name: 'a removed event is told to have been a duplicate',
    attack: (world) => {
      removeLine(world, 3)
      changeWaybill(world.store, middle(world), (row, control) => {
        control.prepare('UPDATE leaf_hashes SET fates = ? WHERE n = ?').run(fatesWithout([3]), row.n!)
        return setResult(row, (result) => {
          result.stored!--
          result.duplicate!++
        })
      })
    },
    finds: (world) => [{ kind: 'duplicate-untraced', at: at(world, 3) }],
  },
  {
    name: 'a removed event is told to have been a dead letter that was discarded',
    attack: (world) => {
      removeLine(world, 3)
      changeWaybill(world.store, middle(world), (row, control) => {
        control.prepare('UPDATE leaf_hashes SET fates = ? WHERE n = ?').run(fatesWithout([3]), row.n!)
        return setResult(row, (result) => {
          result.stored!--
          result.dead!++
        })
      })
    },
    finds: () => [{ kind: 'counts-differ', what: 'dead letters', told: 3, found: 2 }],
  },
  {
    name: 'a removed event is told not to have been stored, and the counts stay',
    attack: (world) => {
      removeLine(world, 3)
      changeWaybill(world.store, middle(world), (row, control) => {
        control.prepare('UPDATE leaf_hashes SET fates = ? WHERE n = ?').run(fatesWithout([3]), row.n!)
        return {}
      })
    },
    finds: (world) => [{ kind: 'counts-differ', at: part(middle(world)), told: 0, found: 1 }],
  },
  {
    name: 'a removed event is told to be of a category that expired',
    attack: (world) => {
      const first = { agent: world.web.id, sequence: 1 }
      changeChunk(world.store, 'security', first, () => null)
      changeWaybill(world.store, first, (row, control) => {
        // activity, view, view (it was security), view, activity, view
        const fates = Buffer.from([2, 1, 0, 6, 3, 0, 2, 1, 0, 6, 1, 0])
        control.prepare('UPDATE leaf_hashes SET fates = ? WHERE n = ?').run(fates, row.n!)
        return {}
      })
    },
    finds: () => [{ kind: 'expiry-differs', partition: 'view-2026-01-01', told: 4, found: 5 }],
  },
  {
    name: 'an event is inserted at the end of a waybill',
    attack: (world) => changeLines(world, (lines) => [...lines, setUser(lines[0]!)]),
    finds: (world) => [{ kind: 'event-inserted', at: at(world, EVENTS) }],
  },
  {
    name: 'an event is inserted in the middle of a waybill',
    attack: (world) => changeLines(world, (lines) => lines.toSpliced(2, 0, setUser(lines[0]!))),
    finds: (world) => [{ kind: 'event-inserted', at: at(world, 2) }],
  },
  {
    name: 'an event is there twice',
    attack: (world) => changeLines(world, (lines) => lines.toSpliced(3, 0, lines[3]!)),
    finds: (world) => [{ kind: 'event-inserted', at: at(world, 4) }],
  },
  {
    name: 'an event is moved within its waybill',
    attack: (world) => changeLines(world, (lines) => lines.toSpliced(1, 1).toSpliced(4, 0, lines[1]!)),
    finds: (world) => [{ kind: 'event-moved', at: at(world, 4), from: at(world, 1) }],
  },
  {
    name: 'an event is moved into another waybill',
    attack: (world) => {
      const line = linesOf(world.store, 'activity', middle(world))[5]!
      removeLine(world, 5)
      const other = { agent: world.web.id, sequence: MIDDLE - 1 }
      changeChunk(world.store, 'activity', other, (chunk) => {
        chunk.lines.push(line)
        chunk.positions.push(EVENTS)
        return chunk
      })
    },
    finds: (world) => [
      { kind: 'event-removed', at: at(world, 5) },
      {
        kind: 'event-moved',
        at: part({ agent: world.web.id, sequence: MIDDLE - 1, position: EVENTS }),
        from: at(world, 5),
      },
    ],
  },
  {
    name: 'the manifest of a waybill is changed',
    attack: (world) =>
      changeWaybill(world.store, middle(world), (row) => {
        const bytes = Buffer.from(canonical({ ...manifestOf(row), created: 1 }))
        return { manifest: bytes, hash: sha256(bytes) }
      }),
    finds: (world) => [
      { kind: 'signature-invalid', at: part(middle(world)) },
      { kind: 'chain-broken', at: part(middle(world)) },
      { kind: 'waybill-rebuilt', at: part(middle(world)) },
    ],
  },
  {
    name: 'the manifest of a waybill is made unreadable',
    attack: (world) => changeWaybill(world.store, middle(world), () => ({ manifest: Buffer.from('{') })),
    finds: (world) => [
      { kind: 'waybill-changed', at: part(middle(world)) },
      { kind: 'waybills-missing', at: part(middle(world)), to: MIDDLE, namedBy: 'log' },
      { kind: 'counts-differ', what: 'waybills', told: 7, found: 6 },
    ],
  },
  {
    name: 'a signature is changed',
    attack: (world) => changeWaybill(world.store, middle(world), () => ({ signature: Buffer.alloc(64, 7) })),
    finds: (world) => [{ kind: 'signature-invalid', at: part(middle(world)) }],
  },
  {
    name: 'the answer to a waybill is changed',
    attack: (world) =>
      changeWaybill(world.store, middle(world), (row) =>
        setResult(row, (result) => {
          result.stored!--
        }),
      ),
    finds: (world) => [{ kind: 'counts-differ', at: part(middle(world)), told: EVENTS - 1, found: EVENTS }],
  },
  {
    name: 'the last waybills of a chain are deleted, with all counts of them',
    attack: (world) => {
      deleteWaybill(world, { agent: world.db.id, sequence: 3 })
      mendChain(world, world.db.id)
    },
    finds: (world) => [
      { kind: 'waybills-missing', at: part({ agent: world.db.id, sequence: 3 }), to: 3, namedBy: 'log' },
    ],
  },
  {
    name: 'the last waybills of a chain are deleted, and the list of chains is forgotten',
    attack: (world) => deleteWaybill(world, { agent: world.db.id, sequence: 3 }),
    finds: (world) => [
      { kind: 'waybills-missing', at: part({ agent: world.db.id, sequence: 3 }), to: 3, namedBy: 'log' },
    ],
  },
  {
    name: 'a whole chain is deleted',
    attack: (world) => {
      for (const sequence of [1, 2, 3]) deleteWaybill(world, { agent: world.db.id, sequence })
      inControl(world.store, (control) => {
        for (const table of ['chains', 'chain_runs'])
          control.prepare(`DELETE FROM ${table} WHERE agent = ?`).run(world.db.id)
        control.prepare("DELETE FROM records WHERE kind = 'agent' AND key = ?").run(world.db.id)
      })
    },
    finds: (world) => [
      { kind: 'waybills-missing', at: part({ agent: world.db.id, sequence: 1 }), to: 3, namedBy: 'log' },
    ],
  },
  {
    name: 'a dead letter is edited',
    attack: (world) =>
      inControl(
        world.store,
        (control) => void control.prepare("UPDATE dead_letters SET line = CAST('{}' AS BLOB)").run(),
      ),
    finds: () => [
      { kind: 'dead-letter-wrong' },
      { kind: 'counts-differ', what: 'dead letters', told: 2, found: 1 },
    ],
  },
  {
    name: 'a dead letter is deleted without a record',
    attack: (world) =>
      inControl(world.store, (control) => void control.prepare('DELETE FROM dead_letters').run()),
    finds: () => [{ kind: 'counts-differ', what: 'dead letters', told: 2, found: 1 }],
  },
  {
    name: 'the record of an expiry is deleted',
    attack: (world) =>
      changeChunk(world.store, 'system', expiryOf(world), (chunk) => {
        const index = chunk.lines.findIndex((line) => line.includes('retention-expire'))
        chunk.lines.splice(index, 1)
        chunk.positions.splice(index, 1)
        return chunk.lines.length === 0 ? null : chunk
      }),
    finds: (world) => [
      ...[1, 3, 5].map((position) => ({
        kind: 'event-removed' as const,
        at: part({ agent: world.web.id, sequence: 1, position }),
      })),
      { kind: 'event-removed' },
      { kind: 'event-removed' },
    ],
  },
  {
    name: 'the record of an expiry tells of fewer events',
    attack: (world) =>
      changeChunk(world.store, 'system', expiryOf(world), (chunk) => {
        chunk.lines = chunk.lines.map((line) =>
          line.includes('retention-expire')
            ? edited(line, (event) => {
                event.audit = { ...(event.audit as object), record_count: 1 }
              })
            : line,
        )
        return chunk
      }),
    finds: () => [
      { kind: 'event-changed' },
      { kind: 'expiry-differs', found: 0 },
      { kind: 'expiry-differs', told: 1, found: 4 },
    ],
  },
  {
    name: 'the file of a partition is deleted',
    attack: (world) => rmSync(partitionsOf(world.store, 'security')[0]!),
    finds: () => [{ kind: 'partition-missing', events: 5 }],
  },
  {
    name: 'the file of a partition is deleted, and taken off the list',
    attack: (world) => {
      rmSync(partitionsOf(world.store, 'security')[0]!)
      inControl(
        world.store,
        (control) => void control.prepare("DELETE FROM partitions WHERE category = 'security'").run(),
      )
    },
    finds: (world) => [
      ...Array.from({ length: 4 }, () => ({ kind: 'event-removed' as const })),
      { kind: 'event-removed', at: part({ agent: world.web.id, sequence: 1, position: 2 }) },
    ],
  },
  {
    name: 'the file of a partition is overwritten',
    attack: (world) => writeFileSync(partitionsOf(world.store, 'security')[0]!, Buffer.alloc(4096, 1)),
    finds: () => [{ kind: 'partition-missing', events: 5 }],
  },
  {
    name: 'a chunk is damaged',
    attack: (world) =>
      inDatabase(partitionsOf(world.store, 'activity').at(-2)!, (database) => {
        database.prepare('UPDATE chunks SET bytes = ? WHERE id = 2').run(Buffer.from('no zstd'))
      }),
    finds: () => [
      { kind: 'events-unreadable' },
      ...Array.from({ length: EVENTS }, () => ({ kind: 'event-removed' as const })),
    ],
  },
  {
    name: 'a line is made unreadable as JSON',
    attack: (world) => changeLines(world, (lines) => lines.with(0, Buffer.from('{"event":'))),
    finds: (world) => [{ kind: 'event-changed', at: at(world, 0) }],
  },
  {
    name: 'the store is put back to an earlier copy',
    attack: (world) => {
      for (const sequence of [7, 6]) deleteWaybill(world, { agent: world.web.id, sequence })
      mendChain(world, world.web.id)
      inControl(world.store, (control) => void control.prepare('DELETE FROM dead_letters').run())
    },
    finds: (world) => [
      { kind: 'waybills-missing', at: part({ agent: world.web.id, sequence: 6 }), to: 7, namedBy: 'log' },
    ],
  },
]

const expiryOf = (world: World): Place =>
  inControl(world.store, (control) => {
    for (const file of partitionsOf(world.store, 'system')) {
      const found = inDatabase(file, (database) =>
        database
          .prepare('SELECT agent, sequence FROM batches ORDER BY n')
          .all()
          .find(({ agent, sequence }) => {
            const place = { agent: String(agent), sequence: Number(sequence) }
            return linesOf(world.store, 'system', place).some((line) => line.includes('retention-expire'))
          }),
      )
      if (found !== undefined) return { agent: String(found.agent), sequence: Number(found.sequence) }
    }
    throw new Error(`no expiry in ${String(control.location())}`)
  })

/** Root on the indexer, and what else was taken: keys of agents, the key of the log. The verifier has a policy. */
export const KEY_ATTACKS: readonly Attack[] = [
  {
    name: 'a waybill is rebuilt with the key of its agent, after an anchor',
    withPolicy: true,
    attack: (world) => {
      reseal(world, middle(world), world.web.privateKey, (lines) => lines.with(2, setUser(lines[2]!)))
    },
    finds: (world) => [
      { kind: 'chain-broken', at: part(middle(world)) },
      { kind: 'waybill-rebuilt', at: part(middle(world)) },
    ],
  },
  {
    name: 'a waybill and all after it are rebuilt with the key of their agent, so the chain fits',
    withPolicy: true,
    attack: (world) => resealFrom(world, MIDDLE, (lines) => lines.with(2, setUser(lines[2]!))),
    finds: (world) =>
      [4, 5, 6, 7].map((sequence) => ({
        kind: 'waybill-rebuilt' as const,
        at: part({ agent: world.web.id, sequence }),
      })),
  },
  {
    name: 'the key of an agent is replaced in the store, and its waybills are signed with another',
    withPolicy: true,
    attack: (world) => {
      const { privateKey, publicPem } = world.db
      inControl(world.store, (control) => {
        const row = control
          .prepare("SELECT value FROM records WHERE kind = 'agent' AND key = ?")
          .get(world.web.id)
        const agent = JSON.parse(String(row?.value)) as { keys: { id: string; pem: string }[] }
        agent.keys[0] = { id: agent.keys[0]!.id, pem: publicPem }
        control
          .prepare("UPDATE records SET value = ? WHERE kind = 'agent' AND key = ?")
          .run(JSON.stringify(agent), world.web.id)
      })
      reseal(world, middle(world), privateKey, (lines) => lines.with(2, setUser(lines[2]!)))
    },
    finds: (world) => [
      { kind: 'signature-invalid', at: part(middle(world)) },
      { kind: 'chain-broken', at: part(middle(world)) },
      { kind: 'waybill-rebuilt', at: part(middle(world)) },
    ],
  },
  {
    name: 'the log is deleted',
    withPolicy: true,
    attack: (world) => rmSync(logOf(world), { recursive: true }),
    finds: () => [{ kind: 'log-missing' }],
  },
  {
    name: 'the log is deleted, and nobody has a policy',
    attack: (world) => rmSync(logOf(world), { recursive: true }),
    finds: () => [{ kind: 'log-missing' }],
  },
  {
    name: 'the checkpoint of the log is deleted',
    withPolicy: true,
    attack: (world) => rmSync(join(logOf(world), 'checkpoint')),
    finds: () => [{ kind: 'log-missing' }],
  },
  {
    name: 'the log is put back to an earlier checkpoint',
    withPolicy: true,
    attack: (world) => writeFileSync(join(logOf(world), 'checkpoint'), world.anchored.early),
    finds: (world) => [
      {
        kind: 'log-truncated',
        size: sizeOf(world.anchored.early),
        trusted: sizeOf(world.anchored.late),
      },
    ],
  },
  {
    name: 'the log is put back together with the store, and all counts fit',
    withPolicy: true,
    attack: (world) => {
      writeFileSync(join(logOf(world), 'checkpoint'), world.anchored.early)
      deleteWaybill(world, { agent: world.web.id, sequence: 7 })
      mendChain(world, world.web.id)
    },
    finds: (world) => [
      {
        kind: 'log-truncated',
        size: sizeOf(world.anchored.early),
        trusted: sizeOf(world.anchored.late),
      },
    ],
  },
  {
    name: 'an entry of the log is changed',
    withPolicy: true,
    attack: (world) => {
      const { file, bytes } = lastBundle(world)
      const at = bytes.indexOf('"sequence":2')
      bytes.write('3', at + '"sequence":'.length)
      writeFileSync(file, bytes)
    },
    finds: () => [{ kind: 'log-damaged' }, { kind: 'log-rewritten' }, { kind: 'log-damaged' }],
  },
  {
    name: 'a bundle of the log is cut off',
    withPolicy: true,
    attack: (world) => truncateSync(lastBundle(world).file, 100),
    finds: () => [{ kind: 'log-damaged' }],
  },
  {
    name: 'the signature of the checkpoint is changed',
    withPolicy: true,
    attack: (world) => {
      const file = join(logOf(world), 'checkpoint')
      const text = readFileSync(file, 'utf8')
      writeFileSync(
        file,
        text.replace(/\n(\d+)\n/, (_, size: string) => `\n${Number(size) - 1}\n`),
      )
    },
    finds: () => [{ kind: 'checkpoint-invalid' }],
  },
  {
    name: 'waybills are signed with a key that the policy does not have',
    withPolicy: true,
    attack: (world) => {
      const text = readFileSync(world.policy, 'utf8')
      writeFileSync(world.policy, text.replace(`id: ${world.db.id}`, 'id: somebody-else'))
    },
    finds: (world) => [{ kind: 'key-unknown', at: part({ agent: world.db.id }) }],
  },
]

const sizeOf = (checkpoint: string): number => Number(checkpoint.split('\n')[1])
