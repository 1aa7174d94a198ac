import { open } from 'node:fs/promises'
import { SENT, type Send } from './sender.ts'
import { webhookBody } from './webhook.ts'

/** Appends one line of JSON, for programs that follow a file. It is on the disk before the message counts as sent. */
export const fileSender =
  (path: string): Send =>
  async (message) => {
    const file = await open(path, 'a', 0o600)
    try {
      await file.appendFile(`${JSON.stringify(webhookBody(message))}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    return SENT
  }
