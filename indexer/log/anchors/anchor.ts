import { X509Certificate } from 'node:crypto'
import { mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, sha256 } from '../../../schema/index.ts'
import { syncFolder, writeDurably } from '../../ingest/index.ts'
import type { Destination } from '../../lifecycle/archive/index.ts'
import { readCheckpoint } from '../checkpoint.ts'
import { splitNote } from '../note.ts'
import { QUERY_TYPE, REPLY_TYPE, timestampQuery, verifyTimestamp } from './timestamp.ts'

/**
 * A place for checkpoints which the administrator of the store can't rewrite. `put` resolves when the checkpoint is safe there, and rejects
 * with the reason otherwise.
 */
export interface Anchor {
  /** As the settings name it, for status and metrics. */
  readonly name: string
  /** How often it gets one, ms; 0: whenever there is one. */
  readonly every: number
  /** When `gone` fires, nobody waits for it any more. */
  put(checkpoint: string, gone: AbortSignal): Promise<void>
}

/** An answer has the certificates of the authority in it. */
const LARGEST_ANSWER = 256 * 1024

/** The name of a checkpoint's file: names sort by size. */
export const checkpointFile = (size: number): string => `${String(size).padStart(15, '0')}.checkpoint`

/**
 * A folder on a disk that keeps what was written once (WORM), or on another machine. Each checkpoint is a file of its own, and none is ever
 * opened for writing again.
 */
export function folderAnchor(folder: string): Anchor {
  return {
    name: `folder ${folder}`,
    every: 0,
    async put(checkpoint) {
      const { text } = splitNote(checkpoint)
      const { origin, size } = readCheckpoint(text)
      // Several logs may have one folder.
      const its = join(folder, sha256(Buffer.from(origin)).slice(0, 16))
      await mkdir(its, { recursive: true })
      const file = join(its, checkpointFile(size))
      let handle: Awaited<ReturnType<typeof open>>
      try {
        handle = await open(file, 'wx', 0o444)
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error
        const there = await readFile(file, 'utf8')
        // A file that was cut off by a crash stays as it is: the next size has another.
        if (there.startsWith(text)) return
        throw new Error(
          `${file} has another content than the checkpoint of ${size} entries: the log was changed, or the file was not written to its end`,
        )
      }
      try {
        await handle.writeFile(checkpoint)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await syncFolder(its)
    },
  }
}

/** A bucket in which each object is locked until its end date, so that nobody removes or replaces it. */
export function bucketAnchor(bucket: Destination, retain: number, now: () => number): Anchor {
  let isProved = false
  return {
    name: `bucket ${bucket.place}`,
    every: 0,
    async put(checkpoint) {
      const { text } = splitNote(checkpoint)
      const { origin, size } = readCheckpoint(text)
      const name = `checkpoints/${sha256(Buffer.from(origin)).slice(0, 16)}/${checkpointFile(size)}`
      const there = await bucket.size(name)
      if (there !== null) {
        if ((await bucket.read(name, 0, there)).toString('utf8').startsWith(text)) return
        throw new Error(
          `${name} in ${bucket.place} has another content than the checkpoint of ${size} entries: the log was changed`,
        )
      }
      const retainUntil = now() + retain
      const sink = await bucket.create(name, { retainUntil })
      await sink.write(Buffer.from(checkpoint))
      await sink.finish()
      // Once in the life of a process: a bucket whose lock does nothing is no anchor.
      if (!isProved) await bucket.proveLock(name, retainUntil)
      isProved = true
    },
  }
}

/** A timestamp authority (RFC 3161). Its answers are kept in `kept`, each beside the text that it is about. */
export function timestampAnchor(
  { url, ca, every }: { readonly url: string; readonly ca: string; readonly every: number },
  kept: string,
): Anchor {
  return {
    name: `timestamps ${url}`,
    every,
    async put(checkpoint, gone) {
      const { text } = splitNote(checkpoint)
      const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(8)))
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': QUERY_TYPE, accept: REPLY_TYPE },
        body: timestampQuery(Buffer.from(text), nonce),
        redirect: 'error',
        signal: gone,
      })
      if (!response.ok) throw new Error(`${url} answers ${response.status}`)
      const answer = Buffer.from(await response.arrayBuffer())
      if (answer.length > LARGEST_ANSWER) throw new Error(`${url} answers with ${answer.length} bytes`)
      const { at } = verifyTimestamp(answer, Buffer.from(text), await readRoots(ca), nonce)
      const name = `${String(readCheckpoint(text).size).padStart(15, '0')}-${at}`
      await writeDurably(kept, join(kept, `${name}.tsr`), answer)
      await writeDurably(kept, join(kept, `${name}.checkpoint`), checkpoint)
    },
  }
}

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** The certificates in a file of PEM. */
export async function readRoots(file: string): Promise<X509Certificate[]> {
  const roots = ((await readFile(file, 'utf8')).match(PEM) ?? []).map((pem) => new X509Certificate(pem))
  if (roots.length === 0) throw new Error(`${file} has no certificate`)
  return roots
}

export type SendCheckpoint = (
  mail: { readonly to: string; readonly subject: string; readonly text: string; readonly id: string },
  gone: AbortSignal,
) => Promise<void>

/** A mailbox: who reads it has the checkpoint, whatever happens here. */
export function mailAnchor(to: string, every: number, send: SendCheckpoint): Anchor {
  return {
    name: `mail ${to}`,
    every,
    async put(checkpoint, gone) {
      const { origin, size } = readCheckpoint(splitNote(checkpoint).text)
      const mail = {
        to,
        subject: `Checkpoint of the audit log ${origin}: ${size} entries`,
        text: `Keep this mail: it proves which ${size} entries the audit log ${origin} had when it was sent.\n\n${checkpoint}`,
        id: `checkpoint.${sha256(Buffer.from(`${origin} ${size}`)).slice(0, 32)}`,
      }
      await send(mail, gone)
    },
  }
}
