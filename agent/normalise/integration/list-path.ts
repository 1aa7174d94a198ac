import { folded } from './integration.ts'

/**
 * A name with brackets goes into a list of objects: `targets[kind=User].ref` is the member `ref` of the items of `targets` whose `kind`
 * is `User`, `targets[].ref` that of every item. Without a member behind them the items themselves are meant: `roles[]`.
 */
export interface ListPath {
  /** The name of the outermost list. */
  readonly list: string
  readonly steps: readonly ListStep[]
}

/** A member of what was reached; or items of a list: all, or those of which a member says this. All names and texts are folded. */
export type ListStep =
  | { readonly member: string; readonly items?: undefined }
  | { readonly items: 'all' | { readonly member: string; readonly text: string } }

const BRACKETS = /\[(?:([^[\]=]*)=([^[\]]*))?\]/
/** What people try instead: a place in the list. */
const PLACE = /\[(?:\d+|\*|first|last)\]/

/** Null for a plain name; a sentence where the brackets are wrong. */
export function listPathOf(name: string): ListPath | string | null {
  const wrong = `${name} has brackets that choose nothing; expected list[] (every item) or list[member=text] (the items whose member is this text), and .member behind it`
  const first = BRACKETS.exec(name)
  // Columns may have brackets in their names: `Amount [EUR]`.
  if (first === null) return PLACE.test(name) ? wrong : null
  const list = name.slice(0, first.index)
  if (list === '' || /[[\].]$/.test(list) || PLACE.test(list)) return wrong
  const steps: ListStep[] = []
  let rest = name.slice(first.index)
  while (rest !== '') {
    const brackets = BRACKETS.exec(rest)
    if (brackets === null || brackets.index > 0) return wrong
    const [all, member, text] = brackets
    if (member === undefined || text === undefined) steps.push({ items: 'all' })
    else if (!isName(member) || member.includes('.') || folded(text) === '') return wrong
    else steps.push({ items: { member: folded(member), text: folded(text) } })
    const members = /^(?:\.[^[\].]+)*/.exec(rest.slice(all.length))![0]
    for (const member of members.split('.').slice(1)) {
      if (!isName(member)) return wrong
      steps.push({ member: folded(member) })
    }
    rest = rest.slice(all.length + members.length)
  }
  return { list, steps }
}

/** Objects put members first that are named by a number: no order to go by. */
const isName = (member: string): boolean => folded(member) !== '' && !/^\d+$/.test(folded(member))
