import { Reader, type Response } from 'maxmind'
import { isPublicAddress, memberOf } from '../../schema/index.ts'
import { addressKey, addressText } from '../query/index.ts'

/** The place of an address, as far as the file knows it: members of `source`. */
export interface Place {
  readonly as?: { readonly number: number; readonly organization?: { readonly name: string } }
  readonly geo?: {
    readonly city_name?: string
    readonly country_iso_code?: string
    readonly country_name?: string
    readonly location?: { readonly lat: number; readonly lon: number }
    readonly region_name?: string
  }
}

/** The address in the form for lookups; null if the text is none, or one of a private network. */
export function publicAddress(text: string): string | null {
  const key = addressKey(text)
  if (key === undefined) return null
  const address = addressText(key)
  return isPublicAddress(address) ? address : null
}

/** An operator's file in memory that threads share: a city file takes 60 to 130 MB. */
export interface PlaceTable {
  readonly bytes: SharedArrayBuffer
  /** Another number than the tables before. */
  readonly version: number
}

/** Looks addresses up in a table. */
export class Places {
  readonly #reader: Reader<Response>

  /** Throws if the bytes are not such a file. */
  constructor({ bytes }: PlaceTable) {
    const file = Buffer.from(bytes)
    this.#reader = new Reader<Response>(file)
    // The reader looks at the end alone. Between the tree and its values there are 16 zeros.
    const { searchTreeSize } = this.#reader.metadata
    const gap = file.subarray(searchTreeSize, searchTreeSize + 16)
    if (gap.length < 16 || gap.some((byte) => byte !== 0))
      throw new Error('its end is there, but not all before it')
  }

  /** Returns null if the file does not know the address. Throws if the file is damaged. */
  of(address: string): Place | null {
    const looked = publicAddress(address)
    if (looked === null || (looked.includes(':') && this.#reader.metadata.ipVersion === 4)) return null
    return placeIn(this.#reader.get(looked))
  }
}

const textIn = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined
const englishName = (value: unknown): string | undefined => textIn(memberOf(memberOf(value, 'names'), 'en'))

/** A record as MaxMind and DB-IP have it (city, country, ASN, or all in one), by the names of ECS. */
export function placeIn(record: unknown): Place | null {
  const country = memberOf(record, 'country') ?? memberOf(record, 'registered_country')
  const subdivisions = memberOf(record, 'subdivisions')
  const { latitude: lat, longitude: lon } = (memberOf(record, 'location') ?? {}) as Record<string, unknown>
  const geo = {
    city_name: englishName(memberOf(record, 'city')),
    country_iso_code: textIn(memberOf(country, 'iso_code')),
    country_name: englishName(country),
    location: typeof lat === 'number' && typeof lon === 'number' ? { lat, lon } : undefined,
    region_name: Array.isArray(subdivisions) ? englishName(subdivisions[0]) : undefined,
  }
  // An enterprise file has them among its traits.
  const asOf = (member: string): unknown =>
    memberOf(record, member) ?? memberOf(memberOf(record, 'traits'), member)
  const number = asOf('autonomous_system_number')
  const organization = textIn(asOf('autonomous_system_organization'))
  const place = {
    as:
      typeof number === 'number'
        ? { number, organization: organization && { name: organization } }
        : undefined,
    geo: Object.values(geo).some((value) => value !== undefined) ? geo : undefined,
  }
  // JSON drops the members that are undefined.
  const said = JSON.parse(JSON.stringify(place)) as Place
  return said.as === undefined && said.geo === undefined ? null : said
}
