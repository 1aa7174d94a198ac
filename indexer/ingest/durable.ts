import { mkdir, open, rename } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** Writes a file that only this user can read; after a crash it is there as a whole, or as it was. */
export async function writeDurably(
  folder: string,
  file: string,
  content: string | Uint8Array,
): Promise<void> {
  const temporary = `${file}.tmp`
  const first = await mkdir(folder, { recursive: true, mode: 0o700 })
  const handle = await open(temporary, 'w', 0o600)
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(temporary, file)
  await syncFolder(folder)
  if (first === undefined) return
  // Folders that were made for it are found after power loss only once those above are synced too.
  for (let made = resolve(folder); ; made = dirname(made)) {
    await syncFolder(dirname(made))
    if (made === resolve(first)) return
  }
}

/** Makes the names in a folder safe. */
export async function syncFolder(folder: string): Promise<void> {
  const names = await open(folder, 'r')
  try {
    await names.sync()
  } finally {
    await names.close()
  }
}
