import { readFileSync } from 'node:fs'
import { memberOf } from '../schema/index.ts'

const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')

/** The version of this program, from package.json. */
export const VERSION = String(memberOf(JSON.parse(text), 'version'))
