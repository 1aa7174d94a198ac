import { open } from 'node:fs/promises'
import { hostname } from 'node:os'
import { constants, gunzipSync } from 'node:zlib'
import { OperatorError, textAt } from '../../schema/index.ts'
import { noticeSentence } from '../../schema/wire/index.ts'
import { type AgentConfig, type FileInputConfig, fileInputsOf, integrationPath } from '../config.ts'
import { matchingFiles, whyNothing } from '../inputs/index.ts'
import {
  type Examined,
  examine,
  expectedOf,
  type Integration,
  lackingInSample,
  likelier,
  likelierText,
  loadIntegration,
  mostLikely,
  Sighting,
  shapeOf,
  withColumns,
} from '../normalise/index.ts'
import { formOf, profilesOf } from '../propose/index.ts'
import { framingOf } from '../runtime.ts'
import { noticesOf } from '../shapes.ts'

const HEAD_BYTES = 32 * 1024
const LONGEST_SHOWN = 60

/** The files that an input reads, and the findings in the beginning of the first. */
export interface Look {
  readonly named: Integration
  readonly files: readonly string[]
  /** Unreadable files. */
  readonly closed: readonly Finding[]
  /** Errors to correct, with their places. */
  readonly wrong: readonly Finding[]
  /** Findings that may be correct but deserve a look. */
  readonly notices: readonly Finding[]
}

interface Finding {
  readonly about: string
  readonly sentence: string
}

/** Checks what an input would read: that it finds files, and that its integration and columns fit them. */
export async function lookAt(input: FileInputConfig, configFile: string): Promise<Look> {
  const integration = integrationPath(input.integration, configFile)
  const named = withColumns(await loadIntegration(integration), input.columns)
  const framing = await framingOf(input, integration)
  const { files, problems } = await matchingFiles(input)
  const closed = problems.map(({ path, problem }) => ({ about: path, sentence: problem }))
  const [first] = files
  if (first === undefined) {
    const wrong = closed.length > 0 ? [] : await whyNothing(input)
    return { named, files, closed, wrong, notices: [] }
  }
  const { wrong, notices } = await beginningOf(first, named, input, framing)
  const about = (sentence: string): Finding => ({ about: first, sentence })
  return { named, files, closed, wrong: wrong.map(about), notices: notices.map(about) }
}

/** An export of another system still becomes events, but few of them have an event type. */
async function beginningOf(
  path: string,
  named: Integration,
  { columns, 'time-zone': timeZone }: FileInputConfig,
  framing: Awaited<ReturnType<typeof framingOf>>,
): Promise<{ readonly wrong: readonly string[]; readonly notices: readonly string[] }> {
  const { head, isWhole } = await headOf(path)
  const about = { path, timeZone, host: hostname(), now: Date.now() }
  const other = await betterFor(named, head, about)
  if (other !== null) return { wrong: [other], notices: [] }
  const sighting = new Sighting(columns)
  const examined = examine(named, head, { ...about, framing, sighting }).filter(
    ({ outcome }) => outcome !== 'skipped',
  )
  // The last record may continue after the part that was read.
  const records = isWhole ? examined : examined.slice(0, -1)
  if (records.length > 0 && records.every(({ outcome }) => outcome === 'failed'))
    return { wrong: [nothingUnderstood(records, named)], notices: [] }
  const missing = sighting.missing()
  const expected = expectedOf(named, { framing })
  const shape = shapeOf(records.map(({ lacks }) => lacks))
  const lacking = lackingInSample(shape, expected)
  const notices = noticesOf({ input: path, integration: named.name, expected }, shape, lacking).map(
    (notice) =>
      notice.lacks === 'time'
        ? timeSentence(notice.records, sighting, named, about.now)
        : noticeSentence(notice),
  )
  // A table has all its columns from the beginning; other records may have a member now and then.
  return sighting.isTable ? { wrong: missing, notices } : { wrong: [], notices: [...missing, ...notices] }
}

function nothingUnderstood(records: readonly Examined[], named: Integration): string {
  const { line, event } = records[0]!
  const why = event === null ? '' : (textAt(event, 'event.reason') ?? '')
  return `none of the first ${records.length} records is understood as ${named.title} (line ${line}: ${why.replace(/\.$/, '')}). Show them with waybill-agent test, or let waybill-agent propose write an integration`
}

/** Names the times that were not taken, and the settings to write. */
function timeSentence(records: number, sighting: Sighting, named: Integration, now: number): string {
  const { wrong, timeless, wrongTimes } = sighting
  const [first] = wrongTimes
  const begin = `of ${records} records read with ${named.name}, `
  const columns = (entry: string): string => `columns: { "@timestamp": ${entry} } in agent.yml`
  if (first === undefined || wrong <= timeless) {
    const remedy = columns(wrong > timeless ? '{ from: NAME, format: "DD.MM.YYYY HH:mm" }' : 'NAME')
    const what =
      wrong > timeless ? 'have a time that is not understood' : 'have no known column for their time'
    return `${begin}${Math.max(wrong, timeless)} ${what}. Name the column: ${remedy}. The columns are: ${sighting.names}.`
  }
  const value =
    first.value.length > LONGEST_SHOWN ? `${first.value.slice(0, LONGEST_SHOWN - 1)}…` : first.value
  const example = `such as ${JSON.stringify(value)} in ${first.name}`
  if (first.isRead)
    return `${begin}${wrong} have a time that can't be right, ${example}: before 1990, or more than a day ahead. Check the clock of the source, and time-zone in agent.yml.`
  const alike = wrongTimes.filter(({ name }) => name === first.name).map(({ value }) => ({ value }))
  const guess = profilesOf(alike, now)[0]?.time ?? null
  const format = JSON.stringify(guess ?? 'DD.MM.YYYY HH:mm')
  const entry = columns(`{ from: ${JSON.stringify(first.name)}, format: ${format} }`)
  const isSure = guess !== null && !mayBeMonths(guess, alike)
  return `${begin}${wrong} have a time that can't be read, ${example}. Give the format${isSure ? '' : ', for example'}: ${entry}.`
}

/** Whether no value distinguishes days from months. */
const mayBeMonths = (format: string, times: readonly { readonly value: string }[]): boolean =>
  /^DD[/-]MM/.test(format) && times.every(({ value }) => Number.parseInt(value, 10) <= 12)

/** Returns a sentence with the integration that a file is probably for, if it is not the named one. */
export async function betterFor(
  named: Integration,
  bytes: Buffer,
  about: Parameters<typeof mostLikely>[1],
): Promise<string | null> {
  const other = await likelier(named, bytes, about)
  if (other !== null) return likelierText(other, named)
  const form = otherForm(named, bytes, about.path)
  if (form === null) return null
  const name = (await mostLikely(bytes, about))?.name ?? form.generic
  return `this looks like ${form.looks}, which ${named.title} doesn't read. Set integration: ${name}`
}

const READ_AS_TEXT: readonly string[] = ['plain', 'regex']

/** The form of a file if its integration reads another one; null if the integration may read it. */
function otherForm(
  { formats, envelope }: Integration,
  bytes: Buffer,
  path: string,
): { readonly looks: string; readonly generic: string } | null {
  if (envelope !== null || formats.some((format) => READ_AS_TEXT.includes(format))) return null
  const isJson = /^(?:\ufeff|\s)*(?:\[\s*)?\{\s*"/.test(bytes.toString('utf8', 0, 1024))
  if (isJson)
    return formats.includes('json') || formats.includes('journald')
      ? null
      : { looks: 'JSON', generic: 'generic-json' }
  if (formats.includes('csv')) return null
  try {
    const { format, envelope, headless } = formOf(path, bytes)
    return format === 'csv' && !envelope && headless === null
      ? { looks: 'CSV with a header line', generic: 'generic-csv' }
      : null
  } catch (error) {
    // The file is not text, or is still empty.
    if (error instanceof OperatorError) return null
    throw error
  }
}

/** The beginning of a file, decompressed if necessary. */
async function headOf(path: string): Promise<{ head: Buffer; isWhole: boolean }> {
  const file = await open(path)
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    const bytes = buffer.subarray(0, bytesRead)
    const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b
    return {
      head: isPacked ? gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }) : bytes,
      isWhole: bytesRead < HEAD_BYTES,
    }
  } finally {
    await file.close()
  }
}

/** Returns the problems of the file inputs, as `check` reports them. The agent itself waits for files and reads what it can. */
export async function wrongInputs(configFile: string, config: AgentConfig): Promise<string[]> {
  const sentences: string[] = []
  for (const input of fileInputsOf(config)) {
    const { files, wrong } = await lookAt(input, configFile)
    const nothing = files.length === 0 ? 'Nothing to read for ' : ''
    for (const { about, sentence } of wrong) sentences.push(`${nothing}${about}: ${sentence}.`)
  }
  return sentences
}
