import { writeFileSync } from 'node:fs'
import { kibanaObjects, ndjsonOf } from './index.ts'

/** `npm run dashboards` writes this file for import by hand, in step with its sources. */
writeFileSync(new URL('waybill.ndjson', import.meta.url), ndjsonOf(kibanaObjects()))
