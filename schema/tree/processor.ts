import { closeSync, openSync, readSync } from 'node:fs'

const INSTRUCTIONS = /^(?:flags|Features)\s*:.*\b(?:sha_ni|sha2)\b/m
/** What is said of one processor is said of each. */
const ENOUGH = 8192

/** Whether the processor has instructions for SHA-256. Only Linux tells; elsewhere it is taken to have them, as those of the last years do. */
export function hasShaInstructions(file = '/proc/cpuinfo'): boolean {
  const text = Buffer.alloc(ENOUGH)
  try {
    const fd = openSync(file, 'r')
    try {
      return INSTRUCTIONS.test(text.toString('latin1', 0, readSync(fd, text)))
    } finally {
      closeSync(fd)
    }
  } catch {
    return true
  }
}
