import { open, stat } from 'node:fs/promises'
import { OperatorError, reasonOf } from '../../schema/index.ts'
import { Places, type PlaceTable } from './place.ts'

/** What tells one state of a file from another: it was replaced, or written to. */
export type FileState = string

export async function stateOf(path: string): Promise<FileState> {
  const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true })
  return `${dev}/${ino}/${size}/${mtimeNs}`
}

let tables = 0

/** Addresses of well-known name servers: a damaged file mostly shows when something is looked up in it. */
const PROBES = ['1.1.1.1', '8.8.8.8', '9.9.9.9', '2606:4700:4700::1111', '2001:4860:4860::8888']

/** Reads a file of places whole, and makes sure that it is one. */
export async function readPlaceFile(path: string): Promise<{ table: PlaceTable; state: FileState }> {
  const state = await stateOf(path).catch((error: unknown) => {
    throw new OperatorError(
      `enrich.geo.file: ${path} can't be read (${reasonOf(error)}); check the path and its rights, or leave enrich.geo out`,
      { cause: error, exitCode: 2 },
    )
  })
  try {
    const table = { bytes: await bytesOf(path), version: ++tables }
    const places = new Places(table)
    for (const address of PROBES) places.of(address)
    return { table, state }
  } catch (error) {
    throw new OperatorError(
      `enrich.geo.file: ${path} is no MaxMind DB file, or a damaged one (${reasonOf(error)}); it must be an unpacked .mmdb, as MaxMind and DB-IP give them`,
      { cause: error, exitCode: 2 },
    )
  }
}

async function bytesOf(path: string): Promise<SharedArrayBuffer> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const bytes = new SharedArrayBuffer(size)
    const view = Buffer.from(bytes)
    for (let at = 0; at < size; ) {
      const { bytesRead } = await file.read(view, at, Math.min(size - at, 16 * 1024 * 1024), at)
      if (bytesRead === 0) throw new Error('it became shorter while it was read')
      at += bytesRead
    }
    return bytes
  } finally {
    await file.close()
  }
}
