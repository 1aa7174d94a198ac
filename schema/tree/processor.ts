import { closeSync, openSync, readSync } from 'node:fs'

const INSTRUCTIONS = /^(?:flags|Features)\s*:.*\b(?:sha_ni|sha2)\b/m
/** The bytes to read: all processors are alike, so the first one is sufficient. */
const ENOUGH = 8192

/**
 * Whether the processor has instructions for SHA-256. Only Linux reports it; elsewhere this assumes that it has them, like all recent
 * ones.
 */
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
