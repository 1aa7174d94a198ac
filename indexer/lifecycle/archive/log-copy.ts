import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '../../../schema/index.ts'
import { type Destination, putObject } from './destination.ts'

/** Where the transparency log lies in an archive. */
export const LOG = 'log/'
const CHECKPOINT = 'checkpoint'

/**
 * Copies the tiles of the indexer's transparency log that are not in the archive yet, and then its checkpoint. A tile that is full never
 * changes.
 */
export async function copyLog(folder: string, destination: Destination): Promise<void> {
  let checkpoint: Buffer
  try {
    // Before the tiles are listed: they cover it, whatever is appended meanwhile.
    checkpoint = await readFile(join(folder, CHECKPOINT))
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return
    throw thrown
  }
  const known = new Map<string, number>()
  for await (const { name, bytes } of destination.list(LOG)) known.set(name.slice(LOG.length), bytes)
  const paths = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.tmp'))
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .filter((path) => path.startsWith('tile/') || path.startsWith('keys/'))
  for (const path of paths) {
    if (known.has(path)) continue
    await putObject(destination, `${LOG}${path}`, await readFile(join(folder, path)))
  }
  await putObject(destination, `${LOG}${CHECKPOINT}`, checkpoint)
  // A tile that was not full yet has a name of its own for each size.
  const full = new Set(paths)
  for (const path of known.keys()) {
    const [tile = '', part] = path.split('.p/')
    if (part !== undefined && full.has(tile)) await destination.remove(`${LOG}${path}`)
  }
}
