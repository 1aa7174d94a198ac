import { readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'

/**
 * How many datagrams the system has thrown away because a socket's buffer was full: the last column of /proc/net/udp. Null
 * where the system has no such file (only Linux has) or does not know the socket.
 */
export function kernelDrops(host: string, port: number): number | null {
  const file = isIPv6(host) ? '/proc/net/udp6' : '/proc/net/udp'
  let table: string
  try {
    table = readFileSync(file, 'latin1')
  } catch {
    return null
  }
  return dropsIn(table, hexAddress(host, port))
}

export function dropsIn(table: string, local: string): number | null {
  let drops: number | null = null
  for (const line of table.split('\n')) {
    const columns = line.trim().split(/\s+/)
    if (columns[1] === local) drops = (drops ?? 0) + Number(columns.at(-1))
  }
  return drops
}

/** As the kernel writes it: words of four bytes, each with its bytes turned round (on the machines that Node runs on). */
export function hexAddress(host: string, port: number): string {
  const bytes = isIPv6(host) ? bytesOfV6(host) : host.split('.').map(Number)
  let hex = ''
  for (let word = 0; word < bytes.length; word += 4) {
    for (let i = 3; i >= 0; i--) hex += (bytes[word + i] ?? 0).toString(16).padStart(2, '0')
  }
  return `${hex}:${port.toString(16).padStart(4, '0')}`.toUpperCase()
}

function bytesOfV6(host: string): number[] {
  // The URL parser writes every form of an address in the shortest one, without dots.
  const [head = '', tail = ''] = new URL(`http://[${host.split('%')[0]}]`).hostname.slice(1, -1).split('::')
  const words = (text: string): number[] =>
    text
      .split(':')
      .filter(Boolean)
      .map((word) => Number.parseInt(word, 16))
  const before = words(head)
  const after = words(tail)
  const zeros = new Array<number>(8 - before.length - after.length).fill(0)
  return [...before, ...zeros, ...after].flatMap((word) => [word >> 8, word & 255])
}
