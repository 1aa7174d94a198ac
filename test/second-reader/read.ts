import { readFileSync } from 'node:fs'
import { readJournal } from './journal.ts'
import { readState } from './state.ts'
import { readLines } from './store.ts'
import { readWaybill } from './waybill.ts'

/**
 * A second reader of what Waybill writes: it follows docs/formats.md, with nothing but Node. It shares no code with the product, so what it
 * can read does not depend on the product.
 *
 *     read.ts store FOLDER                 each line of a store as JSON with its seal
 *     read.ts waybill FILE PUBLIC-KEY      a file of the spool or the body of a request, checked
 *     read.ts journal FILE KEY             the records of a segment of the journal
 *     read.ts state FOLDER                 the agent's state table
 */
const [what, path = '', key = ''] = process.argv.slice(2)
const show = (value: unknown): void => {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}
switch (what) {
  case 'store':
    for (const { line, ...seal } of readLines(path)) show({ ...seal, line: line.toString('utf8') })
    break
  case 'waybill': {
    const { manifest, hash, lines } = readWaybill(readFileSync(path), readFileSync(key, 'utf8'))
    show({ hash, manifest })
    for (const line of lines) process.stdout.write(`${line.toString('utf8')}\n`)
    break
  }
  case 'journal':
    for (const record of readJournal(readFileSync(path), readFileSync(key)))
      show(record.kind === 'message' ? { ...record, bytes: record.bytes.toString('latin1') } : record)
    break
  case 'state':
    for (const [name, value] of readState(path)) show([name, value])
    break
  default:
    process.stderr.write('read.ts store FOLDER | waybill FILE PUBLIC-KEY | journal FILE KEY | state FOLDER\n')
    process.exitCode = 2
}
