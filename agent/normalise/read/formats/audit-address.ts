import type { Members } from '../../integration/members.ts'

const AF_UNIX = 1
const AF_INET = 2
const AF_INET6 = 10

/** What a `saddr` says: the bytes of the kernel's `struct sockaddr`, in hexadecimal digits. */
export function socketAddress(hex: string): Members | null {
  if (!/^(?:[0-9A-Fa-f]{2}){3,128}$/.test(hex)) return null
  const bytes = Buffer.from(hex, 'hex')
  // The family is in the host's own order: little-endian on all that matter, else the first byte is 0.
  const family = bytes[0] === 0 ? bytes[1] : bytes[0]
  if (family === AF_INET && bytes.length >= 8) {
    return { socket_address: [...bytes.subarray(4, 8)].join('.'), socket_port: String(bytes.readUInt16BE(2)) }
  }
  if (family === AF_INET6 && bytes.length >= 24) {
    const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(8 + 2 * i).toString(16))
    return { socket_address: groups.join(':'), socket_port: String(bytes.readUInt16BE(2)) }
  }
  if (family === AF_UNIX) {
    // An abstract socket's name begins with a NUL; others end at one.
    const name = bytes.subarray(2).toString('utf8')
    const path = name.startsWith('\0') ? `@${name.slice(1)}` : name
    const end = path.indexOf('\0')
    return { socket_path: end === -1 ? path : path.slice(0, end) }
  }
  return null
}
