import { isUtf8 } from 'node:buffer'
import { isRecord, OperatorError, parsedJson } from '../../schema/index.ts'

/** The form of a sample's records, in an integration's terms. */
export interface Form {
  readonly format: 'json' | 'csv' | 'kv' | 'plain'
  /** Whether lines follow a syslog header. */
  readonly envelope: boolean
  /** The lists of a JSON document that contain records. */
  readonly records: readonly string[]
  /** For rows without a header line: the number of columns, and the delimiter. */
  readonly headless: { readonly columns: number; readonly delimiter: string } | null
  readonly why: string
}

const MOST_LINES = 200
const MOST = 0.8
const DELIMITERS = [',', ';', '\t', '|']
const SYSLOG =
  /^(?:<\d{1,3}>)?(?:1 \S+ \S+ \S+ \S+ \S+ (?:-|\[[^\]]*\]) ?|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ [^\s:[]{1,64}(?:\[\d+\])?: )/

/** Detects the form of a sample; an OperatorError if it is not a text with records. */
export function formOf(file: string, bytes: Buffer): Form {
  const text = textOf(file, bytes)
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  const document = documentOf(text)
  if (document !== null) return document
  const head = lines.slice(0, MOST_LINES)
  const bodies = head.map((line) => line.replace(SYSLOG, ''))
  const envelope = bodies.filter((body, i) => body !== head[i]).length > head.length * MOST
  const form = formOfLines(envelope ? bodies : head)
  // Syslog does not send rows: they have no header line.
  return envelope && form.format === 'csv'
    ? { ...PLAIN, envelope, why: 'lines of text behind a syslog header' }
    : { ...form, envelope, why: envelope ? `${form.why}, behind a syslog header` : form.why }
}

function textOf(file: string, bytes: Buffer): string {
  const refuse = (problem: string): OperatorError =>
    new OperatorError('WB-SAMPLE-UNUSABLE', `${file} ${problem}`, { exitCode: 2 })
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    throw refuse(`is compressed: unpack it first, such as: gunzip --keep ${file}`)
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
  if (isUtf16) throw refuse('is UTF-16: convert it first, such as: iconv -f utf-16 -t utf-8')
  if (bytes.includes(0) || (!isUtf8(bytes) && letters(bytes) < MOST))
    throw refuse('is not a text: records are read from lines, CSV or JSON.')
  const text = bytes.toString('utf8').replace(/^\ufeff/, '')
  if (text.trim() === '') throw refuse('is empty: name a file with at least one record.')
  return text
}

/** The share of bytes that are printable ASCII, or not ASCII. */
const letters = (bytes: Buffer): number =>
  bytes.reduce((count, byte) => count + (byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d) ? 1 : 0), 0) /
  bytes.length

const PLAIN: Form = { format: 'plain', envelope: false, records: [], headless: null, why: 'lines of text' }

const holdsObjects = (value: unknown): value is object[] =>
  Array.isArray(value) && value.length > 0 && value.every(isRecord)

/** One JSON value that is a list of records, or contains one. */
function documentOf(text: string): Form | null {
  if (!/^\s*[[{]/.test(text)) return null
  const value = parsedJson(text)
  if (holdsObjects(value)) {
    return {
      ...PLAIN,
      format: 'json',
      records: ['records'],
      why: 'a JSON document that is a list of objects',
    }
  }
  if (!isRecord(value)) return null
  const lists = Object.entries(value).filter(([, member]) => holdsObjects(member))
  const [largest] = lists.sort(([, a], [, b]) => (b as unknown[]).length - (a as unknown[]).length)
  // A record on its own line may contain a list of objects, too, but it also has many other members.
  if (largest === undefined || Object.keys(value).length > 6) return null
  return {
    ...PLAIN,
    format: 'json',
    records: [largest[0]],
    why: `a JSON document with its records in ${largest[0]}`,
  }
}

function formOfLines(lines: readonly string[]): Form {
  const objects = lines.filter((line) => isRecord(parsedJson(line))).length
  if (objects >= lines.length * MOST) return { ...PLAIN, format: 'json', why: 'a JSON object a line' }
  const pairs = lines.filter((line) => (line.match(/(?:^|[\s,])[\w.-]+=/g) ?? []).length >= 3).length
  if (pairs >= lines.length * MOST) return { ...PLAIN, format: 'kv', why: 'name=value pairs' }
  return tableOf(lines) ?? PLAIN
}

/** Rows with the same number of columns, at least three. */
function tableOf(lines: readonly string[]): Form | null {
  for (const delimiter of DELIMITERS) {
    const counts = lines.map((line) => cellsOf(line, delimiter).length)
    const columns = counts[0]!
    const alike = counts.filter((count) => count === columns).length
    if (columns < 3 || alike < counts.length * MOST) continue
    const head = cellsOf(lines[0]!, delimiter)
    const isHeader =
      new Set(head).size === head.length &&
      head.every((cell) => /\p{L}/u.test(cell) && !/^\d|[\d:.]{7}|@/.test(cell))
    return {
      ...PLAIN,
      format: 'csv',
      headless: isHeader ? null : { columns, delimiter },
      why: isHeader ? 'CSV with a header line' : 'rows of CSV without a header line',
    }
  }
  return null
}

/** The cells of a row, as far as necessary to count them. */
function cellsOf(line: string, delimiter: string): string[] {
  const cells: string[] = []
  let cell = ''
  let isQuoted = false
  for (const letter of line) {
    if (letter === '"') isQuoted = !isQuoted
    else if (letter === delimiter && !isQuoted) {
      cells.push(cell.trim())
      cell = ''
    } else cell += letter
  }
  return [...cells, cell.trim()]
}
