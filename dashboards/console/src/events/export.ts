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
  // A download can't ask for a sign-in; this does, where the session has ended meanwhile.
  await ask('getSession', {})
  const query = { ...asked(question), sort: question.sort, format, columns: columns.join(',') }
  download(addressOf('getExport', { query }), '')
}

/** What the page has already, as a file. */
export function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  download(url, name)
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/** Without a name the answer says it. */
function download(address: string, name: string): void {
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
}
