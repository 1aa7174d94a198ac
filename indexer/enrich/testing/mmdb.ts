import { isIPv6 } from 'node:net'
import { addressKey } from '../../query/index.ts'

/**
 * For tests only: a MaxMind DB of a few networks, by its specification (version 2.0): a tree of bits with records of 32
 * bits, the values that its leaves point to, and the description at the end.
 */
export function mmdbOf(
  networks: Readonly<Record<string, unknown>>,
  about: { builtAt?: number } = {},
): Buffer {
  const root: Node = [null, null]
  const values: Buffer[] = []
  let size = 0
  for (const [network, value] of Object.entries(networks)) {
    const bytes = encoded(value)
    insert(root, bitsOf(network), { offset: size })
    values.push(bytes)
    size += bytes.length
  }
  const nodes: Node[] = []
  const number = (node: Node): void => {
    nodes.push(node)
    for (const side of node) if (Array.isArray(side)) number(side)
  }
  number(root)
  const places = new Map(nodes.map((node, i) => [node, i]))
  const tree = Buffer.alloc(nodes.length * 8)
  for (const [i, node] of nodes.entries()) {
    for (const [j, side] of node.entries()) {
      const record =
        side === null
          ? nodes.length
          : Array.isArray(side)
            ? places.get(side)!
            : nodes.length + 16 + side.offset
      tree.writeUInt32BE(record, i * 8 + j * 4)
    }
  }
  const metadata = {
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: about.builtAt ?? 1_790_000_000,
    database_type: 'Waybill-Test',
    description: { en: 'A test of Waybill' },
    ip_version: 6,
    languages: ['en'],
    node_count: nodes.length,
    record_size: 32,
  }
  return Buffer.concat([
    tree,
    Buffer.alloc(16),
    ...values,
    Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1'),
    encoded(metadata),
  ])
}

type Leaf = { readonly offset: number }
type Side = Node | Leaf | null
type Node = [Side, Side]

/** The bits of a network's beginning; an IPv4 address is in the last 32 of 128. */
function bitsOf(network: string): number[] {
  const [address = '', prefix = ''] = network.split('/')
  const key = addressKey(address)
  if (key === undefined) throw new Error(`${network} is no network`)
  const digits = isIPv6(address) ? key : key.slice(24).padStart(32, '0')
  const bits = [...digits].flatMap((digit) => [3, 2, 1, 0].map((i) => (Number.parseInt(digit, 16) >> i) & 1))
  return bits.slice(0, Number(prefix) + (isIPv6(address) ? 0 : 96))
}

function insert(root: Node, bits: readonly number[], leaf: Leaf): void {
  let node = root
  for (const [i, bit] of bits.entries()) {
    if (i === bits.length - 1) {
      node[bit] = leaf
      return
    }
    let next = node[bit] ?? null
    if (!Array.isArray(next)) {
      next = [next, next]
      node[bit] = next
    }
    node = next
  }
}

const STRING = 2
const DOUBLE = 3
const UINT32 = 6
const MAP = 7
const ARRAY = 11

function encoded(value: unknown): Buffer {
  if (typeof value === 'string')
    return Buffer.concat([control(STRING, Buffer.byteLength(value)), Buffer.from(value)])
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(Number.isInteger(value) ? 4 : 8)
    if (Number.isInteger(value)) bytes.writeUInt32BE(value)
    else bytes.writeDoubleBE(value)
    return Buffer.concat([control(Number.isInteger(value) ? UINT32 : DOUBLE, bytes.length), bytes])
  }
  if (Array.isArray(value)) return Buffer.concat([control(ARRAY, value.length), ...value.map(encoded)])
  if (typeof value !== 'object' || value === null) throw new Error(`${String(value)} has no form here`)
  const members = Object.entries(value).flatMap(([name, one]) => [encoded(name), encoded(one)])
  return Buffer.concat([control(MAP, members.length / 2), ...members])
}

/** Type and size; types above 7 have a byte of their own. */
function control(type: number, size: number): Buffer {
  const first = type > 7 ? 0 : type
  const more = type > 7 ? [type - 7] : []
  if (size < 29) return Buffer.from([(first << 5) | size, ...more])
  if (size < 285) return Buffer.from([(first << 5) | 29, ...more, size - 29])
  return Buffer.from([(first << 5) | 30, ...more, (size - 285) >> 8, (size - 285) & 255])
}

const names = (en: string): object => ({ names: { de: `${en} (de)`, en } })

/** A record as in a city file. */
export const LONDON = {
  city: names('London'),
  continent: { code: 'EU' },
  country: { iso_code: 'GB', ...names('United Kingdom') },
  location: { accuracy_radius: 10, latitude: 51.5142, longitude: -0.0931, time_zone: 'Europe/London' },
  subdivisions: [{ iso_code: 'ENG', ...names('England') }],
}
export const BERLIN = {
  city: names('Berlin'),
  country: { iso_code: 'DE', ...names('Germany') },
  location: { latitude: 52.52, longitude: 13.405 },
  subdivisions: [{ iso_code: 'BE', ...names('State of Berlin') }],
}
/** A record as in an ASN file. */
export const A_NETWORK = {
  autonomous_system_number: 20_712,
  autonomous_system_organization: 'Andrews & Arnold Ltd',
}
