/**
 * Appends numbered records to a file, as an application does: `node writer.ts FILE COUNT PER_MS ROTATE_EVERY`. Now and then it
 * rotates the file (rename and create). Each line is one write, so a line is there whole or not at all.
 */
import { closeSync, openSync, renameSync, writeSync } from 'node:fs'

const [file = '', count = '0', every = '1', rotateEvery = '0'] = process.argv.slice(2)
let fd = openSync(file, 'a')
let number = 0
let rotations = 0

function line(n: number): string {
  const time = new Date(Date.UTC(2026, 0, 22) + n).toISOString()
  return `${JSON.stringify({ time, user: `user-${n % 7}`, action: 'update', entity: 'customer', entity_id: `N-${n}`, message: `record ${n}` })}\n`
}

const timer = setInterval(() => {
  for (let i = 0; i < 5 && number < Number(count); i++) {
    writeSync(fd, line(number++))
    if (Number(rotateEvery) > 0 && number % Number(rotateEvery) === 0) {
      closeSync(fd)
      renameSync(file, `${file}.${++rotations}`)
      fd = openSync(file, 'a')
    }
  }
  if (number >= Number(count)) {
    clearInterval(timer)
    closeSync(fd)
  }
}, Number(every))
