import { mkdir, open, rename, unlink } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** Makes the names in a folder durable: after a power loss a file only exists if its folder was synced, too. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Creates a folder and its missing parents, so that all exist after a power loss. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let made = resolve(folder); ; made = dirname(made)) {
    await syncFolder(dirname(made))
    if (made === resolve(first)) return
  }
}

/** Replaces a file atomically: after any failure it has its old content or its new one. */
export async function writeFileDurably(
  path: string,
  content: Uint8Array | string,
  options: { mode?: number; sync?: boolean } = {},
): Promise<void> {
  const sync = options.sync ?? true
  const temporary = `${path}.tmp`
  try {
    const handle = await open(temporary, 'w', options.mode ?? 0o600)
    try {
      await handle.writeFile(content)
      if (sync) await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, path)
  } catch (problem) {
    // On a full disk the half-written file would only take room.
    await unlink(temporary).catch(() => undefined)
    throw problem
  }
  if (sync) await syncFolder(dirname(path))
}
