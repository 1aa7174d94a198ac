import { createHash } from 'node:crypto'
import { type Dirent, readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { codeOf } from '../../schema/index.ts'

/** One file of the console as it is answered. */
export interface BundleFile {
  readonly type: string
  readonly plain: Buffer
  /** The file as it was compressed by the build; null if that gains nothing. */
  readonly brotli: Buffer | null
  readonly tag: string
  /** Its name changes with its content, so a browser may keep it for good. */
  readonly forGood: boolean
}

/** The built console, by the path it is asked for. Only what is in here is ever answered: no path reaches the disk. */
export type Bundle = ReadonlyMap<string, BundleFile>

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  json: 'application/json',
  woff2: 'font/woff2',
}

/** Reads the built console into memory (it is small); empty if it has not been built. */
export function readBundle(folder: string): Bundle {
  const bundle = new Map<string, BundleFile>()
  for (const path of filesIn(folder)) {
    const type = TYPES[path.slice(path.lastIndexOf('.') + 1)]
    if (type === undefined) continue
    const plain = readFileSync(path)
    const name = `/${relative(folder, path).split(sep).join('/')}`
    bundle.set(name, {
      type,
      plain,
      brotli: readIfThere(`${path}.br`),
      tag: `"${createHash('sha256').update(plain).digest('hex').slice(0, 20)}"`,
      forGood: name.startsWith('/assets/'),
    })
  }
  return bundle
}

function filesIn(folder: string): string[] {
  let entries: Dirent[]
  try {
    entries = readdirSync(folder, { withFileTypes: true, recursive: true })
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

function readIfThere(path: string): Buffer | null {
  try {
    return readFileSync(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}
