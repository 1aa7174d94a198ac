import type { FormatName, Integration } from '../../integration/integration.ts'
import { auditd } from './auditd.ts'
import { cef } from './cef.ts'
import { Csv } from './csv.ts'
import type { Cell, Format, TableHead, Understood } from './format.ts'
import { journald } from './journald.ts'
import { json } from './json.ts'
import { kv } from './kv.ts'
import { plain, regex } from './regex.ts'

export type { Cell, Format, TableHead, Understood } from './format.ts'
export { plain } from './regex.ts'

export interface FormatOptions {
  readonly quote: string
  readonly keepsEmpty: (column: string) => boolean
}

/** Returns the format of an integration: its only one, or one that takes the first format that a record looks like. */
export function formatOf(integration: Integration, options: FormatOptions): Format {
  const formats = integration.formats.map((name) => formatNamed(name, integration, options))
  return formats.length === 1 ? formats[0]! : severalForms(formats)
}

function formatNamed(name: FormatName, integration: Integration, options: FormatOptions): Format {
  switch (name) {
    case 'json':
      return json
    case 'csv':
      return new Csv({ ...options, ...integration.csv })
    case 'kv':
      return kv(integration.kv)
    case 'cef':
      return cef
    case 'auditd':
      return auditd
    case 'journald':
      return journald
    case 'regex':
      return regex(integration.patterns)
    case 'plain':
      return plain
  }
}

const NONE: readonly string[] = []

function severalForms(formats: readonly Format[]): Format {
  const last = formats.at(-1)!
  const formOf = (text: string): Format => formats.find((format) => format.looksLike(text)) ?? last
  return {
    begin(header) {
      for (const format of formats) format.begin(header)
    },
    get columns() {
      // At most one format has columns.
      return formats.find(({ columns }) => columns !== undefined && columns.length > 0)?.columns ?? NONE
    },
    table(): TableHead | null {
      for (const format of formats) if (format.table !== undefined) return format.table()
      return null
    },
    hidden: (text) => formOf(text).hidden?.(text) ?? '',
    looksLike: (text) => formats.some((format) => format.looksLike(text)),
    cells: (text): readonly Cell[] | null => formOf(text).cells(text),
    read: (text): Understood => formOf(text).read(text),
  }
}
