import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { OperatorError } from '../schema/index.ts'

/** Resolves a path in a file: a relative path starts at the folder of this file. */
export const beside = (file: string, path: string): string => resolve(dirname(file), path)

const WRONG_SETTINGS = 2

/**
 * Returns a folder with a program's permanent data; `marks` are the names by which such a folder is recognised. Earlier versions resolved
 * a relative path from the working directory: a folder that one of them left there is never silently replaced by a new one.
 */
export function keptBeside(file: string, key: string, path: string, marks: readonly string[]): string {
  const folder = beside(file, path)
  const before = resolve(path)
  const isKept = (one: string): boolean => marks.some((mark) => existsSync(join(one, mark)))
  if (before === folder || isKept(folder) || !isKept(before)) return folder
  throw new OperatorError(
    'WB-CONFIG-PATH',
    `${file}: ${key}: ${path} means ${folder}, beside this file. That folder is not in use, but ${before} is: an earlier version resolved the path from the folder it was started in. Write ${key}: ${before}, or move that folder to ${folder}.`,
    { exitCode: WRONG_SETTINGS },
  )
}
