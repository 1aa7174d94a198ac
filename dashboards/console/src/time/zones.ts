/** Browsers still list these under names that they had before; they know both. */
const RENAMED = [
  'Africa/Asmara',
  'America/Argentina/Buenos_Aires',
  'America/Argentina/Catamarca',
  'America/Argentina/Cordoba',
  'America/Argentina/Jujuy',
  'America/Argentina/Mendoza',
  'America/Atikokan',
  'America/Indiana/Indianapolis',
  'America/Kentucky/Louisville',
  'America/Nuuk',
  'Asia/Ho_Chi_Minh',
  'Asia/Kathmandu',
  'Asia/Kolkata',
  'Asia/Yangon',
  'Atlantic/Faroe',
  'Europe/Kyiv',
  'Pacific/Chuuk',
  'Pacific/Kanton',
  'Pacific/Pohnpei',
]

/** The IANA zones of the browser that a text matches: an exact name first, then zones with the text as a part, such as a city. */
export function zonesLike(text: string): string[] {
  const wanted = text.trim().toLowerCase().replaceAll(' ', '_')
  const zones = new Set(['UTC', ...RENAMED.filter(isZone), ...Intl.supportedValuesOf('timeZone')])
  return [...zones]
    .filter((zone) => zone.toLowerCase().includes(wanted))
    .sort(
      (a, b) => Number(b.toLowerCase() === wanted) - Number(a.toLowerCase() === wanted) || a.localeCompare(b),
    )
}

/** A zone that the browser knows, also under one of its older names. */
export function isZone(name: unknown): name is string {
  try {
    return typeof name === 'string' && new Intl.DateTimeFormat('en', { timeZone: name }) !== null
  } catch {
    // `Intl.DateTimeFormat` throws for an unknown zone.
    return false
  }
}
