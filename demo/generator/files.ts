import { existsSync } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CLOCKIFY_COLUMNS } from './clockify.ts'
import { type Entry, SYSTEMS, type System } from './stage.ts'

const ENDING: Readonly<Record<System, string>> = {
  creatio: 'jsonl',
  erp: 'jsonl',
  clockify: 'csv',
  connexcs: 'jsonl',
  strapi: 'jsonl',
}

const HEADER = `${CLOCKIFY_COLUMNS.join(',')}\n`

/** The header line of a system's files; null if they have none. */
export const headerOf = (system: System): string | null => (ENDING[system] === 'csv' ? HEADER : null)

const csvField = (value: string): string =>
  /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value

/** Formats one record as its system writes it. */
export function recordText({ system, row }: Entry): string {
  if (ENDING[system] === 'jsonl') return `${JSON.stringify(row)}\n`
  return `${CLOCKIFY_COLUMNS.map((column) => csvField(String(row[column] ?? ''))).join(',')}\n`
}

interface OpenFile {
  readonly handle: FileHandle
  records: number
}

export interface AuditFilesOptions {
  readonly folder: string
  /** The number of records after which a file is renamed and a new one is begun. */
  readonly rotateAfter: number
  /** The number of renamed files that are kept per system. */
  readonly keep: number
}

/** The audit files of the five systems in one folder, rotated as logrotate does: renamed, then created again. */
export class AuditFiles {
  private readonly options: AuditFilesOptions
  private readonly files = new Map<System, OpenFile>()

  constructor(options: AuditFilesOptions) {
    this.options = options
  }

  /** Whether an earlier run has written here. */
  begun(): boolean {
    return SYSTEMS.some((system) => existsSync(this.path(system)))
  }

  async open(): Promise<void> {
    await mkdir(this.options.folder, { recursive: true })
    for (const system of SYSTEMS) await this.openFile(system)
  }

  /** Appends the records to their systems' files, in order; `now` names rotated files. */
  async write(entries: readonly Entry[], now: Date): Promise<void> {
    for (const system of SYSTEMS) {
      const own = entries.filter((entry) => entry.system === system)
      for (let from = 0; from < own.length; ) {
        const file = this.files.get(system) ?? (await this.openFile(system))
        const some = own.slice(from, from + Math.max(1, this.options.rotateAfter - file.records))
        await file.handle.appendFile(some.map(recordText).join(''))
        file.records += some.length
        from += some.length
        if (file.records >= this.options.rotateAfter) await this.rotate(system, now)
      }
    }
  }

  async close(): Promise<void> {
    for (const { handle } of this.files.values()) await handle.close()
    this.files.clear()
  }

  private path(system: System): string {
    return join(this.options.folder, `${system}.${ENDING[system]}`)
  }

  private async openFile(system: System): Promise<OpenFile> {
    const handle = await open(this.path(system), 'a+')
    const { size } = await handle.stat()
    if (size === 0 && ENDING[system] === 'csv') await handle.appendFile(HEADER)
    if (size > 0) {
      // A killed run may have left half a record: it gets its own line.
      const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
      if (buffer.toString() !== '\n') await handle.appendFile('\n')
    }
    const file = { handle, records: 0 }
    this.files.set(system, file)
    return file
  }

  private async rotate(system: System, now: Date): Promise<void> {
    const { folder, keep } = this.options
    await this.files.get(system)?.handle.close()
    this.files.delete(system)
    const stamp = now.toISOString().replace(/[-:.]/g, '')
    const rotated = (n: number): string =>
      join(folder, `${system}-${stamp}${n === 0 ? '' : `-${n}`}.${ENDING[system]}`)
    let n = 0
    while (existsSync(rotated(n))) n++
    await rename(this.path(system), rotated(n))
    const old = (await readdir(folder)).filter((name) => name.startsWith(`${system}-`)).sort()
    for (const name of old.slice(0, Math.max(0, old.length - keep))) await rm(join(folder, name))
    await this.openFile(system)
  }
}
