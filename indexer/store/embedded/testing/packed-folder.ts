import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'

/** A folder's files as one: a line of JSON with their names and sizes, then their bytes, compressed. */
export function packFolder(folder: string, file: string): void {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort()
  const contents = names.map((name) => readFileSync(join(folder, name)))
  const list = JSON.stringify(names.map((name, i) => [name, contents[i]!.length]))
  writeFileSync(file, zstdCompressSync(Buffer.concat([Buffer.from(`${list}\n`), ...contents])))
}

export function unpackFolder(file: string, folder: string): void {
  const bytes = zstdDecompressSync(readFileSync(file))
  let at = bytes.indexOf(10) + 1
  for (const [name, size] of JSON.parse(bytes.toString('utf8', 0, at)) as [string, number][]) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), bytes.subarray(at, at + size))
    at += size
  }
}
