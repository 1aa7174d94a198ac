import { writeFileSync } from 'node:fs'
import { errorReference, fieldReference } from '../schema/reference.ts'

writeFileSync(new URL('fields.md', import.meta.url), fieldReference())
writeFileSync(new URL('errors.md', import.meta.url), errorReference())
