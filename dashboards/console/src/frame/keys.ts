import { useEffect, useRef } from 'react'

interface Key {
  /** The name of the key as the browser has it; two with a space between are pressed one after the other. `Mod` is Ctrl, or ⌘ on a Mac. */
  readonly press: string
  readonly does: string
  readonly group: Group
}

/** Where keys work, in the order of the list. */
export const GROUPS = ['Everywhere', 'Go to', 'In a list', 'In an entry', 'Events', 'Alerts'] as const
type Group = (typeof GROUPS)[number]

/** Every key of the console. `?` lists these; a screen gives them its acts by name. */
export const KEYS = {
  find: {
    press: 'Mod k',
    does: 'Find a screen, person, record, event or saved search',
    group: 'Everywhere',
  },
  search: { press: '/', does: 'Go to the search of the screen', group: 'Everywhere' },
  time: { press: 't', does: 'Choose the time', group: 'Everywhere' },
  link: { press: 'y', does: 'Copy a link to what is shown', group: 'Everywhere' },
  help: { press: '?', does: 'Show this list', group: 'Everywhere' },
  '/': { press: 'g o', does: 'Overview', group: 'Go to' },
  '/alerts': { press: 'g a', does: 'Alerts', group: 'Go to' },
  '/incidents': { press: 'g i', does: 'Incidents', group: 'Go to' },
  '/events': { press: 'g e', does: 'Events', group: 'Go to' },
  '/cases': { press: 'g c', does: 'Cases', group: 'Go to' },
  '/security': { press: 'g s', does: 'Security', group: 'Go to' },
  '/people': { press: 'g p', does: 'People', group: 'Go to' },
  '/system': { press: 'g y', does: 'System', group: 'Go to' },
  '/auditor': { press: 'g u', does: 'Audit of the auditor', group: 'Go to' },
  '/reports': { press: 'g r', does: 'Reports', group: 'Go to' },
  '/rules': { press: 'g l', does: 'Rules', group: 'Go to' },
  '/settings': { press: 'g t', does: 'Settings', group: 'Go to' },
  next: { press: 'j', does: 'Next row', group: 'In a list' },
  previous: { press: 'k', does: 'Previous row', group: 'In a list' },
  pageDown: { press: 'PageDown', does: 'Twenty rows down', group: 'In a list' },
  pageUp: { press: 'PageUp', does: 'Twenty rows up', group: 'In a list' },
  first: { press: 'Home', does: 'First row', group: 'In a list' },
  last: { press: 'End', does: 'Last row', group: 'In a list' },
  open: { press: 'Enter', does: 'Open the row, and go into it', group: 'In a list' },
  back: { press: 'Escape', does: 'Back to the list', group: 'In an entry' },
  nextPart: { press: ']', does: 'Next tab: history, related events, all fields', group: 'In an entry' },
  previousPart: { press: '[', does: 'Previous tab', group: 'In an entry' },
  earlier: { press: 'ArrowLeft', does: 'The record at an earlier event', group: 'In an entry' },
  later: { press: 'ArrowRight', does: 'The record at a later event', group: 'In an entry' },
  follow: { press: 'f', does: 'Follow new events, or stop', group: 'Events' },
  refresh: { press: 'r', does: 'Refresh', group: 'Events' },
  choose: { press: 'x', does: 'Select the alert', group: 'Alerts' },
  acknowledge: { press: 'a', does: 'Acknowledge the selected alerts', group: 'Alerts' },
  assign: { press: 's', does: 'Assign them', group: 'Alerts' },
  resolve: { press: 'r', does: 'Resolve them', group: 'Alerts' },
  snooze: { press: 'z', does: 'Snooze them', group: 'Alerts' },
  note: { press: 'n', does: 'Add a note', group: 'Alerts' },
  chooseNothing: { press: 'Escape', does: 'Select nothing', group: 'Alerts' },
} as const satisfies Readonly<Record<string, Key>>

export type KeyName = keyof typeof KEYS
export const KEY_NAMES = Object.keys(KEYS) as KeyName[]
type Acts = Partial<Record<KeyName, () => void>>

interface Registered {
  readonly current: Acts
}

/** The acts of what is on the page; a later one takes a key from those before it. */
const registered: Registered[] = []
/** The first key of two, and when it was pressed, ms. */
let begun: { readonly key: string; readonly at: number } | null = null
/** The second key of two comes within this time, ms. */
const WITHIN = 1500

/** The keys of a screen: they do nothing while somebody types, or over a dialog. `fallback`: only if nothing else on the page takes them. */
export function useKeys(acts: Acts, { fallback = false } = {}): void {
  const current = useRef(acts)
  current.current = acts
  useEffect(() => {
    if (registered.length === 0) document.addEventListener('keydown', pressed)
    if (fallback) registered.unshift(current)
    else registered.push(current)
    return () => {
      registered.splice(registered.indexOf(current), 1)
      if (registered.length === 0) document.removeEventListener('keydown', pressed)
    }
  }, [fallback])
}

/** Does what a key does, for a button beside it. */
export const actOf = (name: KeyName): void => actFor((one) => one === name)?.()

function pressed(event: KeyboardEvent): void {
  // What has the focus may take a key for itself, such as a chart or a list of tabs.
  if (event.defaultPrevented || event.altKey || document.querySelector('dialog[open]') !== null) return
  const isMod = event.ctrlKey || event.metaKey
  if (!isMod && isTyping(event.target)) return
  const first = begun !== null && event.timeStamp - begun.at < WITHIN ? begun.key : null
  begun = null
  const press = isMod
    ? `Mod ${event.key.toLowerCase()}`
    : first === null
      ? event.key
      : `${first} ${event.key}`
  const act = actFor((name) => KEYS[name].press === press)
  if (act !== undefined) {
    if (event.key === 'Enter' && isOfItself(event.target)) return
    event.preventDefault()
    act()
  } else if (!isMod && actFor((name) => KEYS[name].press.startsWith(`${event.key} `)) !== undefined) {
    begun = { key: event.key, at: event.timeStamp }
  }
}

function actFor(isIt: (name: KeyName) => boolean): (() => void) | undefined {
  for (const { current } of registered.toReversed())
    for (const name of KEY_NAMES) {
      const act = isIt(name) ? current[name] : undefined
      if (act !== undefined) return act
    }
  return undefined
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('input:not([type="checkbox"]), select, textarea') !== null

/** Enter on a button is the button's. */
const isOfItself = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('button, a, summary') !== null

const isMac = (): boolean => /Mac|iPhone|iPad/.test(navigator.platform)

const SIGNS: Readonly<Record<string, string>> = {
  Escape: 'Esc',
  PageDown: 'PgDn',
  PageUp: 'PgUp',
  ArrowLeft: '←',
  ArrowRight: '→',
}

/** The keys to press, as they are written on the keyboard. */
export const signsOf = (name: KeyName): string[] =>
  KEYS[name].press.split(' ').map((key) => {
    if (key === 'Mod') return isMac() ? '⌘' : 'Ctrl'
    return SIGNS[key] ?? (KEYS[name].press.startsWith('Mod ') ? key.toUpperCase() : key)
  })
