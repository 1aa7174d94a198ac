import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { codeOf, OperatorError, reasonOf } from '../../schema/index.ts'

const MOST_BYTES = 256 * 1024 * 1024

/** The bytes of a file whose records an operator wants to examine; a compressed file is decompressed. */
export function readSample(file: string): Buffer {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (error) {
    if (codeOf(error) === 'ENOENT')
      throw new OperatorError('WB-FILE-MISSING', `The file ${file} does not exist.`, { exitCode: 2 })
    if (codeOf(error) === 'EISDIR')
      throw new OperatorError('WB-FILE-UNREADABLE', `${file} is a folder; name a file in it.`, {
        exitCode: 2,
      })
    if (codeOf(error) === 'EACCES')
      throw new OperatorError(
        'WB-FILE-UNREADABLE',
        `This user may not read ${file}: run the command as the agent's user, or as root.`,
      )
    throw new OperatorError('WB-FILE-UNREADABLE', `${file} can't be read: ${reasonOf(error)}`, {
      cause: error,
    })
  }
  if (bytes.length > MOST_BYTES) throw tooLarge(file, `head -n 1000 ${file}`)
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? unpacked(file, bytes) : bytes
}

function unpacked(file: string, bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST_BYTES })
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(file, `zcat ${file} | head -n 1000`)
    throw new OperatorError(
      'WB-SAMPLE-UNUSABLE',
      `${file} looks like gzip, but can't be unpacked: ${reasonOf(error)}`,
      {
        cause: error,
      },
    )
  }
}

const tooLarge = (file: string, part: string): OperatorError =>
  new OperatorError('WB-SAMPLE-UNUSABLE', `${file} has more than 256 MiB: try a part of it, such as: ${part}`)
