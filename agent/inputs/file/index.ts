/** Files as inputs: discovery, identity, rotation, and the reading of whole records. */
import type { Input } from '../input.ts'
import { discoverer } from './discover.ts'
import { statKey } from './identify.ts'
import { whyNothingAt } from './nothing.ts'
import type { FileConfig, FileInputContext, FileInputOptions } from './options.ts'
import { withFile } from './rotate.ts'
import { FileTailer } from './tailer.ts'
import { isGzip } from './unknown-files.ts'

export {
  type FileConfig,
  type FileInputContext,
  type FileInputOptions,
  POLICY,
  type Policy,
} from './options.ts'

/** One input for all `file:` entries: they share a rotation, so that no entry keeps another waiting. */
export function createFileInput(options: FileInputOptions, context: FileInputContext): Input {
  return new FileTailer(options, context)
}

type Globs = Pick<FileConfig, 'paths' | 'exclude' | 'gzip'>

/** Returns the paths of the existing files, one per file, and the problems. */
async function look(globs: Globs): Promise<{ paths: string[]; problems: Map<string, string> }> {
  const paths = new Map<string, string>()
  const config: FileConfig = { ...globs, pipeline: 0, framing: { kind: 'lines' } }
  const { problems } = await discoverer([config]).discover(({ path, stat }) => {
    const key = statKey(stat)
    if (!paths.has(key)) paths.set(key, path)
  })
  return { paths: [...paths.values()], problems }
}

/** Returns the files that a configuration would read now, and those that it names but cannot read. */
export async function matchingFiles(
  globs: Globs,
): Promise<{ files: string[]; problems: { path: string; problem: string }[] }> {
  const found = await look(globs)
  const problems = [...found.problems].map(([path, problem]) => ({ path, problem }))
  const files: string[] = []
  for (const path of found.paths) {
    const packed = withFile(path, isGzip)
    if (packed === null)
      problems.push({
        path,
        problem: 'this user may not read it: give it permission (by its group, or an ACL)',
      })
    else if (!packed || globs.gzip === true) files.push(path)
  }
  return { files: files.sort(), problems }
}

/** Explains for each path why an entry reads nothing, and the remedy. */
export async function whyNothing({
  paths,
  exclude,
  gzip,
}: Globs): Promise<{ about: string; sentence: string }[]> {
  const countOf = async (globs: Globs): Promise<number> => (await matchingFiles(globs)).files.length
  return await Promise.all(
    paths.map(async (path) => {
      const packed = gzip === true ? 0 : await countOf({ paths: [path], exclude, gzip: true })
      if (packed > 0)
        return {
          about: path,
          sentence: `the matching files are compressed (${countText(packed)}): gzip: true beside paths: reads each of them once`,
        }
      const excluded = exclude.length === 0 ? 0 : await countOf({ paths: [path], exclude: [], gzip: true })
      return {
        about: path,
        sentence:
          excluded > 0
            ? `exclude: leaves out all matching files (${countText(excluded)})`
            : whyNothingAt(path),
      }
    }),
  )
}

const countText = (files: number): string => (files === 1 ? '1 file' : `${files} files`)
