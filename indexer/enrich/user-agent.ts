import { parse } from 'bowser'
import { isFree } from '../../schema/index.ts'

/** What a client says of itself, in parts. */
export interface Client {
  readonly name?: string
  readonly version?: string
  readonly os?: { readonly name: string; readonly version?: string }
  readonly device?: { readonly name: string }
}

/** Longer than any client's own; whoever sends more has only this much looked at. */
const LOOKED_AT = 512
/** `name/version`, as programs that are no browsers begin (RFC 9110). */
const PRODUCT = /^([A-Za-z][\w.+-]{0,63})\/(\d[\w.+-]{0,31})(?=[\s;(]|$)/
const KINDS: Readonly<Record<string, string>> = {
  desktop: 'Desktop',
  mobile: 'Mobile',
  tablet: 'Tablet',
  tv: 'TV',
  bot: 'Bot',
}

/** Browser or program, system and device that a `User-Agent` header names. */
export function clientOf(userAgent: string): Client {
  const text = userAgent.slice(0, LOOKED_AT)
  if (text.trim() === '') return {}
  const { browser, os, platform } = parse(text)
  // "Mozilla/5.0" is what nearly all begin with; a browser of that name is one that was not recognised.
  const known = browser.name !== undefined && browser.name !== '' && browser.name !== 'Mozilla'
  const product = known || text.startsWith('Mozilla/') ? null : PRODUCT.exec(text)
  const name = known ? browser.name?.replace(/^Microsoft /, '') : product?.[1]
  const version = known ? browser.version : product?.[2]
  // Windows is known by its marketing version; its kernel's ("NT 10.0") says nothing to people.
  const osVersion = os.name === 'Windows' ? os.versionName : os.version
  const device = platform.model ?? KINDS[platform.type ?? '']
  return {
    ...(name && { name }),
    ...(name && version && { version }),
    ...(os.name && { os: { name: os.name, ...(osVersion && { version: osVersion }) } }),
    ...(device && { device: { name: device } }),
  }
}

/** Parts that belong together: a version worked out from the text says nothing of a name that the source gave. */
const GROUPS = [['name', 'version'], ['os.name', 'os.version'], ['device.name']] as const

/** Members to add to `user_agent` of an event; null where its text says nothing, or the event has them all. */
export function clientAdditions(sealed: Readonly<Record<string, unknown>>): Client | null {
  const { original } = sealed
  const event = { user_agent: sealed }
  const isGroupFree = (group: readonly string[]): boolean =>
    group.every((part) => isFree(event, `user_agent.${part}`))
  const [client, os, device] = GROUPS.map(isGroupFree)
  if (typeof original !== 'string' || !(client || os || device)) return null
  const said = clientOf(original)
  const added: Client = {
    ...(client && said.name && { name: said.name }),
    ...(client && said.version && { version: said.version }),
    ...(os && said.os && { os: said.os }),
    ...(device && said.device && { device: said.device }),
  }
  return Object.keys(added).length === 0 ? null : added
}
