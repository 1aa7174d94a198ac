import { readFileSync } from 'node:fs'

const found: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

/** The version of this indexer, as package.json says. */
export const VERSION: string =
  typeof found === 'object' && found !== null && 'version' in found ? String(found.version) : 'unknown'
