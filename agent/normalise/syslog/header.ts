import type { StructuredData } from './structured-data.ts'

/** What a syslog header says; null where it says nothing. */
export interface Header {
  readonly version: string | null
  /** Milliseconds since 1970. */
  readonly time: number | null
  readonly hostname: string | null
  readonly appname: string | null
  readonly procid: string | null
  readonly msgid: string | null
  readonly data: StructuredData | null
  /** The message itself. */
  readonly body: string
  readonly flags: number
}
