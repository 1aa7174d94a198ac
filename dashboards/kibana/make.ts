import { writeFileSync } from 'node:fs'
import { kibanaObjects, ndjsonOf } from './index.ts'

/** `npm run dashboards`: the file that is imported by hand, in step with what it is made from. */
writeFileSync(new URL('waybill.ndjson', import.meta.url), ndjsonOf(kibanaObjects()))
