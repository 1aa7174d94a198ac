import { mkdir, open, rename, unlink } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** Makes the names in a folder durable: a file is found after power loss only once its folder is synced too. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes a folder and those above it that are missing: all are found after power loss. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let made = resolve(folder); ; made = dirname(made)) {
    await syncFolder(dirname(made))
    if (made === resolve(first)) return
  }
}

/** Replaces a file so that, whatever happens, it is found with its old content or its new one, never between. */
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
