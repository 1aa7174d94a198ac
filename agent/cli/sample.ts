import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { codeOf, OperatorError, reasonOf } from '../../schema/index.ts'

const MOST_BYTES = 256 * 1024 * 1024

/** The bytes of a file that an operator names to have its records looked at; of a compressed one what is in it. */
export function readSample(file: string): Buffer {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw new OperatorError(`There is no file ${file}.`, { exitCode: 2 })
    if (codeOf(error) === 'EISDIR')
      throw new OperatorError(`${file} is a folder; name a file in it.`, { exitCode: 2 })
    if (codeOf(error) === 'EACCES')
      throw new OperatorError(`No right to read ${file}: run this as the agent's user, or as root.`)
    throw new OperatorError(`${file} can't be read: ${reasonOf(error)}`, { cause: error })
  }
  if (bytes.length > MOST_BYTES) throw tooLarge(file, `head -n 1000 ${file}`)
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? unpacked(file, bytes) : bytes
}

function unpacked(file: string, bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST_BYTES })
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(file, `zcat ${file} | head -n 1000`)
    throw new OperatorError(`${file} begins as gzip does, and can't be unpacked: ${reasonOf(error)}`, {
      cause: error,
    })
  }
}

const tooLarge = (file: string, part: string): OperatorError =>
  new OperatorError(`${file} has more than 256 MiB: try a part of it, such as: ${part}`)
