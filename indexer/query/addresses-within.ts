import { isIP } from 'node:net'

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
