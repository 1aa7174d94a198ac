import { addressOf, ask } from '../api/ask.ts'
import { asked, type Question } from './question.ts'

export type Format = 'csv' | 'ndjson'

/**
 * Has the browser write all that was found to a file. It comes as a download of the indexer's, straight to the disk: nothing of it is held
 * by the page, however much it is.
 */
export async function exportEvents(
  question: Question,
  format: Format,
  columns: readonly string[],
): Promise<void> {
  // A download can't ask for a sign-in; this does, where the session has ended in the meantime.
  await ask('getSession', {})
  const query = { ...asked(question), sort: question.sort, format, columns: columns.join(',') }
  download(addressOf('getExport', { query }))
}

/** One event as a file. The indexer writes it, so that it is an export like any other. */
export async function exportEntry(id: string): Promise<void> {
  await ask('getSession', {})
  download(addressOf('getEventsIdExport', { params: { id } }))
}

/** Downloads the answer under the name that it gives. */
export function download(address: string): void {
  const link = document.createElement('a')
  link.href = address
  link.download = ''
  link.click()
}
