/** An id from a name: lower case, and hyphens for what no id may have. */
export const idFrom = (name: string): string =>
  name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 100)

/** The most letters of an id of a schedule, with room for a number. */
const LONGEST = 60

/** The id, or with the first number that none of the others has: access, access-2, access-3. */
export function freeId(wanted: string, taken: readonly string[]): string {
  const id = wanted.slice(0, LONGEST).replace(/-+$/, '')
  const numbered = (number: number): string => (number === 1 ? id : `${id}-${number}`)
  let number = 1
  while (taken.includes(numbered(number))) number++
  return numbered(number)
}
