/**
 * Faults that the tests must notice: changes to code that keeps data, counts it, stores it once and recognises it. Each is a small one that
 * a person could make. `npm run test:mutate` applies them one at a time and runs the tests that should fail.
 */
export interface Mutation {
  /** A sentence about the fault. */
  readonly wrong: string
  readonly file: string
  /** Text that occurs once in the file. */
  readonly find: string
  readonly replace: string
  readonly tests: readonly Tests[]
}

/** Tests of one file, or those of it whose name holds this. */
export interface Tests {
  readonly file: string
  readonly name?: string
}

const ARCHIVE_FAULTS = 'indexer/lifecycle/archive/faults.test.ts'
const ORDER = 'test/durability/order.system.test.ts'
const AGENT_ORDER: readonly Tests[] = [{ file: ORDER, name: 'an agent has on the disk' }]
const STORE_ORDER: readonly Tests[] = [{ file: ORDER, name: 'all of a batch and of a record' }]
const of = (...files: string[]): readonly Tests[] => files.map((file) => ({ file }))
const ACCOUNT = of('agent/ship/account.test.ts')
const FATES = of('indexer/store/elasticsearch/fates.test.ts')
const STORE = of('indexer/store/embedded/store.test.ts')
const SECOND_READER = of('test/second-reader.test.ts')

const RUNNING_LOG = 'indexer/log/running-log.test.ts'
const TAMPER = 'test/tamper/tamper.test.ts'
const NOTIFIER = 'indexer/alerts/notify/notifier.test.ts'
const OUTBOX = 'indexer/alerts/notify/outbox.ts'
const TABLE = 'agent/state/table.ts'
const DURABLE = 'agent/state/durable.ts'
const RECORDS = 'agent/state/records.ts'
const SPOOL = 'agent/ship/spool.ts'
const SEALER = 'agent/ship/sealer.ts'
const SHIPPER = 'agent/ship/shipper.ts'
const TAKEUP = 'agent/ship/takeup.ts'
const LEDGER = 'agent/ship/ledger.ts'
const ANSWER = 'agent/ship/answer.ts'
const CHAIN = 'agent/ship/chain.ts'
const JOURNAL = 'agent/inputs/journal/journal.ts'
const STORE_WRITER = 'indexer/store/embedded/write/store-writer.ts'
const KNOWN = 'indexer/store/embedded/write/known.ts'
const DATABASE = 'indexer/store/embedded/disk/database.ts'
const BULK = 'indexer/store/elasticsearch/bulk.ts'
const FAILURES = 'indexer/store/elasticsearch/failures.ts'
const PLACING = 'indexer/store/elasticsearch/placing.ts'
const RECEIVE = 'indexer/ingest/receive.ts'

export const MUTATIONS: readonly Mutation[] = [
  // What is on the disk when: the agent.
  {
    wrong: 'a write of the agent’s state is confirmed without a sync',
    file: TABLE,
    find: '      if (this.#sync) await journal.datasync()\n      this.#end += bytes.length',
    replace: '      this.#end += bytes.length',
    tests: AGENT_ORDER,
  },
  {
    wrong: 'a snapshot of the agent’s state takes its name unsynced',
    file: TABLE,
    find: '        if (this.#sync) await snapshot.sync()\n',
    replace: '',
    tests: AGENT_ORDER,
  },
  {
    wrong: 'old snapshots of the agent’s state go before the new one’s name is on the disk',
    file: TABLE,
    find: '    if (this.#sync) await syncFolder(this.#dir)\n    await this.#removeBelow(base)',
    replace: '    await this.#removeBelow(base)',
    tests: AGENT_ORDER,
  },
  {
    wrong: 'a file is replaced by one that is not synced',
    file: DURABLE,
    find: '      if (sync) await handle.sync()\n',
    replace: '',
    tests: AGENT_ORDER,
  },
  {
    wrong: 'the name of a replaced file is not synced',
    file: DURABLE,
    find: '  if (sync) await syncFolder(dirname(path))\n',
    replace: '',
    tests: AGENT_ORDER,
  },
  {
    wrong: 'the name of a new folder is not synced',
    file: DURABLE,
    find: '    await syncFolder(dirname(made))\n',
    replace: '',
    tests: AGENT_ORDER,
  },
  {
    wrong: 'a batch in the spool is not synced',
    file: SPOOL,
    find: '        await handle.datasync()\n',
    replace: '',
    tests: AGENT_ORDER,
  },
  {
    wrong: 'the name of a batch in the spool is not synced',
    file: SEALER,
    find: '      await syncFolder(folder)\n',
    replace: '',
    tests: AGENT_ORDER,
  },
  {
    wrong: 'the spool’s own folder is not synced',
    file: SPOOL,
    find: '    await syncFolder(this.root)\n',
    replace: '',
    tests: AGENT_ORDER,
  },
  {
    wrong: 'the file of a batch goes before its acknowledgement is written down',
    file: SHIPPER,
    find: '    await this.#settlements.enter((draft) => {\n      settleLedgers(draft, batch, (ledger, at) =>\n        acknowledged(',
    replace:
      '    void this.#settlements.enter((draft) => {\n      settleLedgers(draft, batch, (ledger, at) =>\n        acknowledged(',
    tests: AGENT_ORDER,
  },
  {
    wrong: 'a batch moves to quarantine before that is written down',
    file: SHIPPER,
    find: '    await this.#settlements.enter((draft) =>\n      enterRefusal(',
    replace: '    void this.#settlements.enter((draft) =>\n      enterRefusal(',
    tests: AGENT_ORDER,
  },
  {
    wrong: 'a source is read before its identity is on the disk',
    file: 'agent/inputs/file/tailer.ts',
    find: 'if (!tail.synced || tail.source.config === null || this.#closed) return',
    replace: 'if (tail.source.config === null || this.#closed) return',
    tests: of('agent/inputs/file/identity.test.ts'),
  },
  {
    wrong: 'the journal of syslog is not synced',
    file: JOURNAL,
    find: '    await handle.datasync()\n    segment.bytes += group.length',
    replace: '    segment.bytes += group.length',
    tests: AGENT_ORDER,
  },
  {
    wrong: 'the name of a segment of the journal is not synced',
    file: JOURNAL,
    find: '      await syncFolder(folder)\n',
    replace: '',
    tests: AGENT_ORDER,
  },
  {
    wrong: 'what is kept of a removed file is not synced',
    file: 'agent/inputs/file/hold.ts',
    find: '      await this.#file.sync()\n',
    replace: '',
    tests: AGENT_ORDER,
  },
  {
    wrong: 'a damaged record of the state is believed',
    file: RECORDS,
    find: 'if (crc32(bytes.subarray(at + HEADER_BYTES, end)) !== bytes.readUInt32BE(at + 4)) break',
    replace: '',
    tests: of('agent/state/state.test.ts'),
  },
  {
    wrong: 'zeros behind the last record of the state are taken for records',
    file: RECORDS,
    find: 'if (length === 0 || length > MAX_RECORD_BYTES',
    replace: 'if (length > MAX_RECORD_BYTES',
    tests: of('agent/state/state.test.ts'),
  },
  // What is on the disk when: the indexer.
  {
    wrong: 'SQLite syncs nothing',
    file: DATABASE,
    find: 'PRAGMA synchronous = FULL',
    replace: 'PRAGMA synchronous = OFF',
    tests: STORE_ORDER,
  },
  {
    wrong: 'SQLite syncs its log only at checkpoints',
    file: DATABASE,
    find: 'PRAGMA synchronous = FULL',
    replace: 'PRAGMA synchronous = NORMAL',
    tests: STORE_ORDER,
  },
  {
    wrong: 'a sync on macOS ends in the drive’s cache',
    file: DATABASE,
    find: 'PRAGMA fullfsync = ON',
    replace: 'PRAGMA fullfsync = OFF',
    tests: of('indexer/store/embedded/disk/database.test.ts'),
  },
  {
    wrong: 'the names of the store’s folders are not synced',
    file: DATABASE,
    find: '    syncFolder(dirname(made))\n',
    replace: '',
    tests: STORE_ORDER,
  },
  {
    wrong: 'a batch is acknowledged before the transaction that settles it',
    file: STORE_WRITER,
    find: "    this.#guard('control.db', () => this.#settle(jobs, [...deliveries.keys()]))",
    replace:
      "    setTimeout(() => this.#guard('control.db', () => this.#settle(jobs, [...deliveries.keys()])), 20)",
    tests: STORE_ORDER,
  },
  {
    wrong: 'the indexer’s key is not synced',
    file: 'indexer/ingest/durable.ts',
    find: '    await handle.sync()\n',
    replace: '',
    tests: [{ file: ORDER, name: 'accounts, tokens' }],
  },
  // Exactly once.
  {
    wrong: 'the settled floor is off by one',
    file: STORE_WRITER,
    find: 'Math.min(this.#next, ...open) - 1',
    replace: 'Math.min(this.#next, ...open)',
    tests: of('indexer/store/embedded/write/interrupted.test.ts'),
  },
  {
    wrong: 'the number of an interrupted batch is given again',
    file: STORE_WRITER,
    find: '        greatest = Math.max(greatest, n)\n',
    replace: '',
    tests: of('indexer/store/embedded/write/interrupted.test.ts'),
  },
  {
    wrong: 'an interrupted batch is not taken up where it was',
    file: STORE_WRITER,
    find: '          this.#pin(agent, incarnation, sequence, n, name)\n',
    replace: '          void 0\n',
    tests: of('indexer/store/embedded/write/interrupted.test.ts'),
  },
  {
    wrong: 'leaf hashes of what has expired are not kept',
    file: 'indexer/store/embedded/threads/writer.ts',
    find: '  else writer.keepLeaves(made)\n',
    replace: '',
    tests: SECOND_READER,
  },
  {
    wrong: 'the leaf hash of a duplicate is not kept',
    file: STORE_WRITER,
    find: 'for (const event of [...sifted.duplicates, ...',
    replace: 'for (const event of [...',
    tests: SECOND_READER,
  },
  {
    wrong: 'a waybill that is packed is not known',
    file: 'indexer/store/embedded/disk/waybills.ts',
    find: 'return this.#opened.waybills.get(sequence) ?? null',
    replace: 'return null',
    tests: SECOND_READER,
  },
  {
    wrong: 'another content under a known id counts as a duplicate',
    file: KNOWN,
    find: 'else if (own.some((one) => leaf.equals(one.leaf))) duplicates.push(event)',
    replace: 'else if (own.length > 0) duplicates.push(event)',
    tests: STORE,
  },
  {
    wrong: 'another waybill of a known number is acknowledged',
    file: STORE_WRITER,
    find: "if (known.hash !== batch.hash) return () => ({ kind: 'fork', hash: known.hash })",
    replace: '',
    tests: STORE,
  },
  {
    wrong: 'twins of a number in one group are both acknowledged',
    file: STORE_WRITER,
    find: "if (twin.batch.hash !== batch.hash) return () => ({ kind: 'fork', hash: twin.batch.hash })",
    replace: '',
    tests: of('indexer/store/embedded/write/group.test.ts'),
  },
  {
    wrong: 'a 400 in a bulk answer counts as stored',
    file: BULK,
    find: "if (status === 200 || status === 201) return { kind: 'created' }",
    replace: "if (status === 200 || status === 201 || status === 400) return { kind: 'created' }",
    tests: FATES,
  },
  {
    wrong: 'a 409 in a bulk answer counts as created',
    file: BULK,
    find: "if (status === 409) return { kind: 'exists' }",
    replace: "if (status === 409) return { kind: 'created' }",
    tests: FATES,
  },
  {
    wrong: 'what Elasticsearch put into its failure store counts as stored',
    file: BULK,
    find: "if (store === 'used' || store === 'failed')",
    replace: "if (store === 'failed')",
    tests: FATES,
  },
  {
    wrong: 'the answers of a bulk request may be of other documents',
    file: BULK,
    find: 'if (stray !== -1)',
    replace: 'if (stray > 9)',
    tests: FATES,
  },
  {
    wrong: 'a 429 in a bulk answer is a dead letter',
    file: FAILURES,
    find: 'if (status === 429) return',
    replace: 'if (status === 0) return',
    tests: FATES,
  },
  {
    wrong: 'a write block is a dead letter',
    file: FAILURES,
    find: "  if (/\\/(5|8)\\/index /.test(reason)) return { kind: 'closed', reason }",
    replace: "  if (/\\/(5|8)\\/index /.test(reason)) return { kind: 'refused', reason }",
    tests: FATES,
  },
  {
    wrong: 'a 409 with another hash counts as a duplicate',
    file: PLACING,
    find: 'if (known.leaf === parcel.leaf) {',
    replace: "if (known.leaf !== '') {",
    tests: FATES,
  },
  {
    wrong: 'the same line twice in a waybill counts twice',
    file: PLACING,
    find: 'if (ofThisWaybill && known.position === parcel.position)',
    replace: 'if (ofThisWaybill)',
    tests: FATES,
  },
  {
    wrong: 'a batch gets a number that was used',
    file: SEALER,
    find: 'const sequence = (last?.sequence ?? 0) + 1',
    replace: 'const sequence = Math.max(1, last?.sequence ?? 0)',
    tests: of('agent/ship/fork.test.ts'),
  },
  {
    wrong: 'a batch does not name the one before it',
    file: SEALER,
    find: 'previous: last?.hash ?? null',
    replace: 'previous: null',
    tests: of('agent/ship/fork.test.ts'),
  },
  {
    wrong: 'after a restart what is settled is sent again',
    file: TAKEUP,
    find: 'return batch.incarnation === chain.incarnation && isSettled(chain, batch.sequence)',
    replace: 'return false',
    tests: ACCOUNT,
  },
  {
    wrong: 'a fork is taken for any 409',
    file: ANSWER,
    find: "problem?.code === 'fork'",
    replace: 'problem !== undefined',
    tests: of('agent/ship/answer.test.ts'),
  },
  {
    wrong: 'an answer about another waybill settles this one',
    file: ANSWER,
    find: 'if (answer.hash !== batch.hash)',
    replace: "if (answer.hash === '')",
    tests: of('agent/ship/answer.test.ts'),
  },
  {
    wrong: 'an acknowledgement whose counts don’t add up settles a batch',
    file: ANSWER,
    find: 'became === undefined || became.stored + became.duplicate + became.dead !== slice.events',
    replace: 'became === undefined || slice === undefined',
    tests: of('agent/ship/answer.test.ts'),
  },
  {
    wrong: 'another number than the acknowledged one is settled',
    file: CHAIN,
    find: 'settled: withNumber(chain.settled, link.sequence)',
    replace: 'settled: withNumber(chain.settled, link.sequence + 1)',
    tests: ACCOUNT,
  },
  // The account.
  {
    wrong: 'a slice may have read more than it shipped and filtered',
    file: RECEIVE,
    find: 'if (slice.read !== slice.events + slice.filtered)',
    replace: 'if (slice.read < slice.events)',
    tests: of('indexer/ingest/receive.test.ts'),
  },
  {
    wrong: 'the sources of a manifest need not have its events',
    file: RECEIVE,
    find: 'if (events !== manifest.events)',
    replace: 'if (events < 0)',
    tests: of('indexer/ingest/receive.test.ts'),
  },
  {
    wrong: 'a batch is counted as settled and as pending at once',
    file: SHIPPER,
    find: 'if (chain === undefined || !isDone(this.#state, chain, batch)) yield batch',
    replace: 'if (chain === undefined || batch !== undefined) yield batch',
    tests: ACCOUNT,
  },
  {
    wrong: 'a batch out of quarantine is in no account until its file has moved',
    file: 'agent/ship/quarantine.ts',
    find: "    if (action === 'retry') parts.retrying?.({ ...batch, again: true })\n",
    replace: '',
    tests: ACCOUNT,
  },
  {
    wrong: 'duplicates count as stored',
    file: LEDGER,
    find: 'stored: next.stored + answer.stored',
    replace: 'stored: next.stored + answer.stored + answer.duplicate',
    tests: of('agent/ship/ledger.test.ts'),
  },
  {
    wrong: 'dead letters are in no account',
    file: LEDGER,
    find: 'dead: next.dead + answer.dead',
    replace: 'dead: next.dead',
    tests: of('agent/ship/ledger.test.ts'),
  },
  {
    wrong: 'records that were filtered count as quarantined',
    file: LEDGER,
    find: 'quarantined: next.quarantined + slice.events',
    replace: 'quarantined: next.quarantined + slice.read',
    tests: ACCOUNT,
  },
  {
    wrong: 'what is sent again out of quarantine is read twice',
    file: LEDGER,
    find: 'const next = withSlice(ledger, slice, -1)',
    replace: 'const next = withSlice(ledger, slice, 1)',
    tests: ACCOUNT,
  },
  {
    wrong: 'records that were filtered are not pending',
    file: LEDGER,
    find: 'ledger.pending += slice.read',
    replace: 'ledger.pending += slice.events',
    tests: ACCOUNT,
  },
  {
    wrong: 'a batch that was damaged is not read again',
    file: SHIPPER,
    find: '    if (!batch.again) this.#options.hooks.lost(batch.slices)\n',
    replace: '',
    tests: [{ file: 'agent/ship/fork.test.ts', name: 'while the agent runs is said' }],
  },
  // What a record is known by.
  {
    wrong: 'records of two generations of a file have the same ids',
    file: 'schema/ids.ts',
    find: '`waybill/event/1\\n${source}\\n${generation}`',
    replace: '`waybill/event/1\\n${source}\\n`',
    tests: of('schema/event.test.ts'),
  },
  {
    wrong: 'a gap in what is settled is passed over',
    file: 'agent/ranges.ts',
    find: 'if (from > at) break',
    replace: 'if (from > at + 1) break',
    tests: of('agent/ranges.test.ts'),
  },
  {
    wrong: 'lines that are not those of the sealed root are stored',
    file: 'indexer/ingest/content.ts',
    find: '  if (root !== task.root)',
    replace: "  if (root === '')",
    tests: of('indexer/ingest/content.test.ts'),
  },
  // The archive.
  {
    wrong: 'a partition leaves the store although its archive lacks events of it',
    file: 'indexer/lifecycle/archive/archive.ts',
    find: 'return (await this.catalogue.partition(name))?.events === events',
    replace: 'return (await this.catalogue.partition(name))?.events !== -1 * events',
    tests: [{ file: ARCHIVE_FAULTS, name: 'arrive in an archived partition' }],
  },
  {
    wrong: 'an archive is believed without being read back',
    file: 'indexer/lifecycle/archive/run.ts',
    find: '  await verifyObject(name, { destination, keys })\n',
    replace: '',
    tests: [{ file: ARCHIVE_FAULTS, name: 'other bytes than it was given' }],
  },
  {
    wrong: 'a partition leaves the store although its archive can not be read back',
    file: 'indexer/lifecycle/lifecycle.ts',
    find: '      if (!(await isConfirmed(partition))) continue\n',
    replace: '',
    tests: [{ file: 'indexer/lifecycle/lifecycle.test.ts', name: 'can not be read back' }],
  },
  {
    wrong: 'a legal hold does not keep a partition',
    file: 'indexer/lifecycle/lifecycle.ts',
    find: 'const hold = await holds.of(partition)',
    replace: 'const hold = null',
    tests: [{ file: 'indexer/lifecycle/lifecycle.test.ts', name: 'a legal hold' }],
  },
  {
    wrong: 'the end of an archive object may be cut off between chunks',
    file: 'indexer/lifecycle/archive/seal.ts',
    find: 'nonce[11] = isLast ? 1 : 0',
    replace: 'nonce[11] = 0',
    tests: [{ file: ARCHIVE_FAULTS, name: 'change places' }],
  },
  {
    wrong: 'chunks of an archive object may change places',
    file: 'indexer/lifecycle/archive/seal.ts',
    find: 'nonce.writeUInt32BE(chunk, 7)',
    replace: 'nonce.writeUInt32BE(0, 7)',
    tests: [{ file: ARCHIVE_FAULTS, name: 'change places' }],
  },
  // What verification finds.
  {
    wrong: 'a line that does not have its kept hash counts as proved',
    file: 'indexer/store/embedded/read/proofs.ts',
    find: 'return all.equals(found) ? [] : null',
    replace: 'return []',
    tests: of(TAMPER),
  },
  {
    wrong: 'an expiry explains lines of any category',
    file: 'indexer/log/verify/expiries.ts',
    find: '(fate === undefined || expiry.category === fate)',
    replace: 'true',
    tests: of(TAMPER),
  },
  {
    wrong: 'a duplicate traces itself',
    file: 'indexer/log/verify/run.ts',
    find: 'if (waybill.fates !== null && waybill.fates[position] !== null)',
    replace: 'if (waybill.fates !== null)',
    tests: of(TAMPER),
  },
  // Notifications.
  {
    wrong: 'a message is sent without a lease',
    file: OUTBOX,
    find: '    if (!(await this.#put(id, entry, leased))) return\n',
    replace: '    this.#entries.set(id, { ...entry, message: leased })\n',
    tests: [{ file: NOTIFIER, name: 'take over' }],
  },
  {
    wrong: 'messages that were decided before a crash are forgotten',
    file: 'indexer/alerts/notify/notifier.ts',
    find: 'if (found !== null && before !== null && before.todo.length > 0) {',
    replace: 'if (found === null && before !== null && before.todo.length > 0) {',
    tests: [{ file: NOTIFIER, name: 'kill -9' }],
  },
  {
    wrong: 'the end of an incident overtakes its beginning',
    file: OUTBOX,
    find: '      earlier.add(about)\n',
    replace: '',
    tests: [{ file: NOTIFIER, name: 'after its beginning' }],
  },
  {
    wrong: 'after a restore the transparency log appends waybills that it has',
    file: 'indexer/log/own-log.ts',
    find: 'if (!again || !(await this.#has(header, statement))) statements.push(statement)',
    replace: 'statements.push(statement)',
    tests: [{ file: RUNNING_LOG, name: 'restored' }],
  },
  {
    wrong: 'a store that was restored is read on from where the other one ended',
    file: 'indexer/log/own-log.ts',
    find: '    await log.#demandSameStore()\n',
    replace: '',
    tests: [{ file: RUNNING_LOG, name: 'restored' }],
  },
  {
    wrong: 'after an error the log goes on with what it has in memory',
    file: 'indexer/log/running-log.ts',
    find: 'if (this.#log === null || this.#isStale)',
    replace: 'if (this.#log === null)',
    tests: [{ file: RUNNING_LOG, name: 'could not write' }],
  },
  {
    wrong: 'a log whose files contradict its checkpoint is continued',
    file: 'indexer/log/append.ts',
    find: 'if (!isWhole || !(await appender.#root(size, edges)).equals(root))',
    replace: 'if (!(await appender.#root(size, edges)).equals(root))',
    tests: [{ file: RUNNING_LOG, name: 'contradict its checkpoint' }],
  },
  {
    wrong: 'the content of the log’s files is not synced before a head is signed',
    file: 'indexer/log/append.ts',
    find: '    await handle.sync()\n',
    replace: '',
    tests: of('test/durability/log-power.system.test.ts'),
  },
  {
    wrong: 'the names of the log’s files are not synced before a head is signed',
    file: 'indexer/log/append.ts',
    find: '    await Promise.all([...folders].map(syncFolder))\n',
    replace: '',
    tests: of('test/durability/log-power.system.test.ts'),
  },
  {
    wrong: 'a witness takes the word of the log for what it cosigned last',
    file: 'indexer/log/witness/witness.ts',
    find: 'if (old !== before.size) return',
    replace: 'if (old < 0) return',
    tests: of('indexer/log/witness/witness.test.ts'),
  },
  {
    wrong: 'a witness cosigns two at once and goes back to the smaller one',
    file: 'indexer/log/witness/witness.ts',
    find: 'return this.#turn(() => this.#cosign(body))',
    replace: 'return this.#cosign(body)',
    tests: [{ file: 'indexer/log/witness/witness.test.ts', name: 'one of two at once' }],
  },
  {
    wrong: 'an anchor’s file is written again',
    file: 'indexer/log/anchors/anchor.ts',
    find: "open(file, 'wx', 0o444)",
    replace: "open(file, 'w', 0o644)",
    tests: [{ file: 'indexer/log/anchors/anchors.test.ts', name: 'none is ever written again' }],
  },
  {
    wrong: 'the room of a proof in a PDF belongs to the hash that the proof signs',
    file: 'indexer/reports/writers/output.ts',
    find: "    this.#write(Buffer.alloc(length, ' '))",
    replace: "    this.bytes(Buffer.alloc(length, ' '))",
    tests: [{ file: 'indexer/reports/writers/threads.test.ts', name: 'without the room for its proof' }],
  },
  {
    wrong: 'a CSV has a text that a spreadsheet runs',
    file: 'indexer/reports/writers/csv.ts',
    find: "if (typeof cell === 'string') return csvCell(cell)",
    replace: "if (typeof cell === 'string') return csvQuoted(cell)",
    tests: of('indexer/reports/writers/text.test.ts'),
  },
  {
    wrong: 'a page shows no sign of a mark that turns the direction of a text',
    file: 'indexer/reports/writers/visible.ts',
    find: 'text.replace(HIDDEN, escaped)',
    replace: "text.replace(HIDDEN, '')",
    tests: of('indexer/reports/writers/pdf/pages.test.ts'),
  },
  {
    wrong: 'events that the pages of a PDF do not show are not embedded either',
    file: 'indexer/reports/writers/pdf/index.ts',
    find: 'for (const { cells } of rows) lines += line(cells)',
    replace: 'if (shown < mostRows) for (const { cells } of rows) lines += line(cells)',
    tests: [
      { file: 'indexer/reports/writers/pdf/pages.test.ts', name: 'leave the others to the embedded file' },
    ],
  },
  {
    wrong: 'a cancelled file stays on the disk',
    file: 'indexer/reports/writers/write-file.ts',
    find: '    output.discard()\n',
    replace: '',
    tests: [{ file: 'indexer/reports/writers/text.test.ts', name: 'leaves no file' }],
  },
]
