/** Files as inputs: discovery, identity, rotation, and the reading of whole records. */
import type { Input } from '../input.ts'
import { discoverer } from './discover.ts'
import { statKey } from './identify.ts'
import type { FileConfig, FileInputContext, FileInputOptions } from './options.ts'
import { withFile } from './rotate.ts'
import { isGzip } from './strangers.ts'
import { FileTailer } from './tailer.ts'

export { whyNothing } from './nothing.ts'
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

/** The paths of the files that are there, one for each, and what can't be looked at. */
async function look(globs: Globs): Promise<{ paths: string[]; problems: Map<string, string> }> {
  const paths = new Map<string, string>()
  const config: FileConfig = { ...globs, pipeline: 0, framing: { kind: 'lines' } }
  const { problems } = await discoverer([config]).discover(({ path, stat }) => {
    const key = statKey(stat)
    if (!paths.has(key)) paths.set(key, path)
  })
  return { paths: [...paths.values()], problems }
}

/** Whether there is something to read, or something that would be if this user might. */
export async function findsAnything(globs: Globs): Promise<boolean> {
  const { paths, problems } = await look(globs)
  return paths.length > 0 || problems.size > 0
}

/** What a configuration would read now, and what it names but can't. */
export async function matchingFiles(
  globs: Globs,
): Promise<{ files: string[]; problems: { path: string; problem: string }[] }> {
  const found = await look(globs)
  const problems = [...found.problems].map(([path, problem]) => ({ path, problem }))
  const files: string[] = []
  for (const path of found.paths) {
    const packed = withFile(path, isGzip)
    if (packed === null)
      problems.push({ path, problem: 'this user may not read it: give it the right (its group, or an ACL)' })
    else if (!packed || globs.gzip === true) files.push(path)
  }
  return { files: files.sort(), problems }
}
