import { BlockList, isIP } from 'node:net'
import { remembered } from '../integration/remembered.ts'

/** Networks that are not reached from outside: a proxy's own, and those of the machine itself. */
const INSIDE: readonly (readonly [network: string, prefix: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['224.0.0.0', 3],
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
]
const LONGEST = 1024
/** A port behind an address, as some proxies write it: `203.0.113.66:51234`, `[2001:db8::1]:443`. */
const WITH_PORT = /^(?:\[([0-9a-f:.]{2,45})\]|(\d{1,3}(?:\.\d{1,3}){3}))(?::\d{1,5})?$/i
/** What a proxy writes where it doesn't know the address or doesn't say it (RFC 7239). */
const NO_ADDRESS = /^(?:unknown|_[\w.-]+|-)$/i

const inside = new BlockList()
for (const [network, prefix] of INSIDE)
  inside.addSubnet(network, prefix, isIP(network) === 6 ? 'ipv6' : 'ipv4')

export interface Forwarded {
  /** The first public address; where there is none, the first. */
  readonly source: string
  /** In the order of the list, each once. */
  readonly all: readonly string[]
}

/** The addresses that proxies have handed on, `203.0.113.66, 10.0.0.2`; null where a text is no such list. */
export const forwardedIn: (text: string) => Forwarded | null = remembered(
  (text) => (text.length > LONGEST ? null : read(text)),
  { longest: LONGEST },
)

function read(text: string): Forwarded | null {
  const parts = text.split(/\s*[,;]\s*|\s+/).filter((part) => part !== '' && !NO_ADDRESS.test(part))
  const addresses = parts.map(addressOf)
  const [first] = addresses
  if (first === undefined || !addresses.every((one) => one !== undefined)) return null
  return { source: addresses.find(isPublic) ?? first, all: [...new Set(addresses)] }
}

function addressOf(part: string): string | undefined {
  const found = WITH_PORT.exec(part)
  const address = found?.[1] ?? found?.[2] ?? part
  return isIP(address) !== 0 && !address.includes('%') ? address : undefined
}

const isPublic = (address: string): boolean => !inside.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
