/** Files as inputs: discovery, identity, rotation, and the reading of whole records. */
import type { Input } from '../input.ts'
import { discoverer } from './discover.ts'
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

/** Whether there is something to read, or something that would be if this user might. */
export async function findsAnything(file: Pick<FileConfig, 'paths' | 'exclude' | 'gzip'>): Promise<boolean> {
  const { files, problems } = await discoverer([
    { ...file, pipeline: 0, framing: { kind: 'lines' } },
  ]).discover()
  return files.size > 0 || problems.size > 0
}

/** What a configuration would read now, and what it names but can't. */
export async function matchingFiles(
  file: Pick<FileConfig, 'paths' | 'exclude' | 'gzip'>,
): Promise<{ files: string[]; problems: { path: string; problem: string }[] }> {
  const found = await discoverer([{ ...file, pipeline: 0, framing: { kind: 'lines' } }]).discover()
  const problems = [...found.problems].map(([path, problem]) => ({ path, problem }))
  const files: string[] = []
  for (const { path } of found.files.values()) {
    const packed = withFile(path, isGzip)
    if (packed === null)
      problems.push({ path, problem: 'this user may not read it: give it the right (its group, or an ACL)' })
    else if (!packed || file.gzip === true) files.push(path)
  }
  return { files: files.sort(), problems }
}
