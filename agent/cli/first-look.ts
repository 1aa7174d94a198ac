import { open } from 'node:fs/promises'
import { hostname } from 'node:os'
import { constants, gunzipSync } from 'node:zlib'
import { noticeSentence } from '../../schema/wire/index.ts'
import { type AgentConfig, fileInputsOf, integrationPath } from '../config.ts'
import { type Framing, matchingFiles } from '../inputs/index.ts'
import { framingOf } from '../line.ts'
import {
  examine,
  expectedOf,
  type Integration,
  likelier,
  likelierText,
  loadIntegration,
  shapeOf,
  withColumns,
} from '../normalise/index.ts'
import { noticesOf } from '../shapes.ts'

const HEAD_BYTES = 32 * 1024

interface Look {
  /** That the file is another system's. */
  readonly wrong: string | null
  /** What most records at its beginning lack. */
  readonly notices: readonly string[]
}

/** What the beginning of a file shows: an export of another system becomes events all the same, of which few say what happened. */
export async function firstLook(
  path: string,
  named: Integration,
  { framing, timeZone }: { readonly framing: Framing; readonly timeZone: string },
): Promise<Look> {
  const head = await headOf(path)
  const about = { path, timeZone, host: hostname(), now: Date.now() }
  const other = await likelier(named, head, about)
  if (other !== null) return { wrong: likelierText(other, named), notices: [] }
  const records = examine(named, head.subarray(0, head.lastIndexOf(0x0a) + 1 || head.length), {
    ...about,
    framing,
  })
  const shape = shapeOf(records.filter(({ outcome }) => outcome !== 'skipped').map(({ lacks }) => lacks))
  const input = { input: path, integration: named.name, expected: expectedOf(named, { framing }) }
  return { wrong: null, notices: noticesOf(input, shape).map(noticeSentence) }
}

/** Unpacked, where it is packed. */
async function headOf(path: string): Promise<Buffer> {
  const file = await open(path)
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    const head = buffer.subarray(0, bytesRead)
    const isPacked = head[0] === 0x1f && head[1] === 0x8b
    return isPacked ? gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH }) : head
  } finally {
    await file.close()
  }
}

/** Of each input that reads files, what its first file says of the integration that was named for it. */
export async function wrongIntegrations(configFile: string, config: AgentConfig): Promise<string[]> {
  const sentences: string[] = []
  for (const input of fileInputsOf(config)) {
    const { paths, exclude, gzip, integration, columns, 'time-zone': timeZone } = input
    const named = withColumns(await loadIntegration(integrationPath(integration, configFile)), columns)
    const [first] = (await matchingFiles({ paths, exclude, gzip })).files
    if (first === undefined) continue
    const framing = await framingOf(input, integrationPath(integration, configFile))
    const { wrong } = await firstLook(first, named, { framing, timeZone })
    if (wrong !== null) sentences.push(`${first}: ${wrong}.`)
  }
  return sentences
}
