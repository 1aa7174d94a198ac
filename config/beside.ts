import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { OperatorError } from '../schema/index.ts'

/** Where a path lies that a file names: a relative one begins at the folder of this file. */
export const beside = (file: string, path: string): string => resolve(dirname(file), path)

const WRONG_SETTINGS = 2

/**
 * A folder in which a program keeps what it must not lose, known by what it puts there. Earlier versions took a relative one from where they were
 * started: a folder that one of them left there is never replaced by a new one in silence.
 */
export function keptBeside(file: string, key: string, path: string, marks: readonly string[]): string {
  const folder = beside(file, path)
  const before = resolve(path)
  const isKept = (one: string): boolean => marks.some((mark) => existsSync(join(one, mark)))
  if (before === folder || isKept(folder) || !isKept(before)) return folder
  throw new OperatorError(
    `${file}: ${key}: ${path} means ${folder}, beside this file. That folder is not in use, but ${before} is: an earlier version resolved the path from the folder it was started in. Write ${key}: ${before}, or move that folder to ${folder}.`,
    { exitCode: WRONG_SETTINGS },
  )
}
