import { type Event, text } from '../events/event.ts'
import { is } from '../events/question.ts'

/** The events of a person with all accounts; of one account, where accounts are not joined. */
export const ofPerson = (person: string): string => is('person', person)

/** What the indexer shows in place of a value that this reader may not see. */
const MASKED = '(masked)'

/** What names the person of an event: the address, else the account within its system; null if the event names nobody. */
export function personIn(event: Event): string | null {
  const [email, name, id] = ['user.email', 'user.name', 'user.id'].map((field) => {
    const value = text(event, field)
    return value === MASKED ? '' : value
  })
  if (email !== undefined && email !== '') return email
  const account = name || id || ''
  const system = text(event, 'event.module')
  if (account === '') return null
  return account.includes('@') || system === '' ? account : `${system}/${account}`
}
