import { isIP, isIPv4, isIPv6 } from 'node:net'

/**
 * Addresses compare as 16 bytes, written as 32 hex digits; IPv4 is ::ffff:a.b.c.d. So one order, and one form of conditions on blocks,
 * serves both families, as in Elasticsearch.
 */
const MAPPED = '00000000000000000000ffff'

/** The 16 bytes of an address in hex; undefined if the text is no address (a zone such as `%eth0` makes it invalid). */
export function addressKey(text: string): string | undefined {
  if (isIPv4(text)) return MAPPED + hexOfIPv4(text)
  if (!isIPv6(text) || text.includes('%')) return undefined
  const dotted = text.lastIndexOf(':') + 1
  const plain = text.includes('.') ? `${text.slice(0, dotted)}${groupsOfIPv4(text.slice(dotted))}` : text
  const gap = plain.indexOf('::')
  const before = gap === -1 ? plain : plain.slice(0, gap)
  const after = gap === -1 ? '' : plain.slice(gap + 2)
  const head = hexOfGroups(before)
  const tail = hexOfGroups(after)
  return head + '0'.repeat(32 - head.length - tail.length) + tail
}

const hexOfGroups = (groups: string): string =>
  groups === ''
    ? ''
    : groups
        .split(':')
        .map((group) => group.toLowerCase().padStart(4, '0'))
        .join('')

function hexOfIPv4(text: string): string {
  return text
    .split('.')
    .map((octet) => Number(octet).toString(16).padStart(2, '0'))
    .join('')
}

function groupsOfIPv4(text: string): string {
  const hex = hexOfIPv4(text)
  return `${hex.slice(0, 4)}:${hex.slice(4)}`
}

/** The 16 bytes in hex of an address of four bytes. */
export const addressKeyOf = (fourBytes: number): string => MAPPED + fourBytes.toString(16).padStart(8, '0')

/** The usual form of an address of 32 hex digits: dotted for IPv4, RFC 5952 for IPv6. */
export function addressText(key: string): string {
  if (key.startsWith(MAPPED)) {
    const octets = key.slice(24).match(/../g) ?? []
    return octets.map((octet) => String(Number.parseInt(octet, 16))).join('.')
  }
  const groups = (key.match(/.{4}/g) ?? []).map((group) => Number.parseInt(group, 16))
  let start = -1
  let length = 1
  for (let i = 0; i < groups.length; i++) {
    let run = 0
    while (groups[i + run] === 0) run++
    if (run > length) {
      start = i
      length = run
    }
  }
  const hex = (part: number[]): string => part.map((group) => group.toString(16)).join(':')
  if (start === -1) return hex(groups)
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`
}

export interface Block {
  readonly first: string
  readonly last: string
}

/** The first and last address of `10.0.0.0/8`; bits behind the prefix may be set, as in Elasticsearch. */
export function blockOf(text: string): Block | undefined {
  const slash = text.indexOf('/')
  if (slash === -1) return undefined
  const address = text.slice(0, slash)
  const bits = text.slice(slash + 1)
  const key = addressKey(address)
  if (key === undefined || !/^\d{1,3}$/.test(bits)) return undefined
  const prefix = isIPv4(address) ? 96 + Number(bits) : Number(bits)
  if (prefix > 128) return undefined
  const free = (1n << BigInt(128 - prefix)) - 1n
  const first = (BigInt(`0x${key}`) | free) - free
  return { first: keyOfNumber(first), last: keyOfNumber(first + free) }
}

const keyOfNumber = (value: bigint): string => value.toString(16).padStart(32, '0')

/** A block as `address/bits`; undefined if the two addresses are not the ends of one block. */
export function blockText({ first, last }: Block): string | undefined {
  const start = BigInt(`0x${first}`)
  const free = BigInt(`0x${last}`) - start
  // One less than a power of two, and none of its bits set in the first address.
  if (free < 0n || (free & (free + 1n)) !== 0n || (start & free) !== 0n) return undefined
  const prefix = 128 - (free === 0n ? 0 : free.toString(2).length)
  if (first.startsWith(MAPPED) && prefix >= 96) return `${addressText(first)}/${prefix - 96}`
  return `${addressText(first)}/${prefix}`
}

const IPV4 = /\d{1,3}(?:\.\d{1,3}){3}/g
const IPV6 =
  /(?<![\p{L}\p{N}])(?:[\da-f]{1,4})?(?::[\da-f]{0,4}){2,8}(?:(?:\.\d{1,3}){3})?(?![\p{L}\p{N}])/giu

/** The text with its addresses replaced. Dotted numbers that could be an address count as one. */
export function withoutAddresses(text: string, by: string): string {
  const replaced = text.includes(':')
    ? text.replace(IPV6, (found) => {
        // A colon behind an address ends a clause.
        const address = isIP(found) === 0 ? found.replace(/:$/, '') : found
        return isIP(address) === 0 ? found : by + found.slice(address.length)
      })
    : text
  return replaced.replace(IPV4, by)
}
