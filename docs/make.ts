import { writeFileSync } from 'node:fs'
import { fieldReference } from '../schema/reference.ts'

writeFileSync(new URL('fields.md', import.meta.url), fieldReference())
