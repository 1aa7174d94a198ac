import { stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { ReportFormat } from '../../schema/api/index.ts'
import { codeOf, OperatorError, reasonOf } from '../../schema/index.ts'

/** Where the files of a job go on this machine. */

/** The end of what `--output` is for, as `--help` has it. */
export const OUTPUT_RULE = 'or a folder that is there. A file of that name is replaced'

/** The path of a file, by the name that the indexer gave it. */
export type PathOf = (file: { readonly name: string; readonly format: ReportFormat }) => string

/**
 * Checks `--output` before a job is made, so that no report is made in vain. A folder keeps the names of the indexer; of several formats
 * each has its own ending.
 */
export async function outputFor(
  output: string | undefined,
  formats: readonly ReportFormat[],
): Promise<PathOf> {
  if (output === undefined) return ({ name }) => ownName(name)
  if (await isFolder(output)) return ({ name }) => join(output, ownName(name))
  const folder = /[\\/]$/.test(output) ? output : dirname(output)
  if (!(await isFolder(folder)))
    throw new OperatorError(
      'WB-FILE-UNWRITABLE',
      `--output: there is no folder ${folder}; make it, or name one that is there`,
    )
  if (formats.length === 1) return () => output
  const ending = formats.find((format) => basename(output).toLowerCase().endsWith(`.${format}`))
  const stem = ending === undefined ? output : output.slice(0, -ending.length - 1)
  return ({ format }) => `${stem}.${format}`
}

/** The name of a file comes from the indexer: it never leads out of a folder. */
const ownName = (name: string): string => name.replaceAll(/[^\w.@+-]/g, '_').replace(/^\.+/, '_')

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (thrown) {
    const code = codeOf(thrown)
    if (code === 'ENOENT' || code === 'ENOTDIR') return false
    throw new OperatorError('WB-FILE-UNWRITABLE', `--output: ${path} can't be used: ${reasonOf(thrown)}`, {
      cause: thrown,
    })
  }
}
