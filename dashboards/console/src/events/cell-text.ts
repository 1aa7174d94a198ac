import { clockTime, dayOf } from '../time/format.ts'
import { changeText } from './change-text.ts'
import { type Event, inShortWho, text, timeOf, whatWasDone } from './event.ts'

/** The text of a cell, as its column shows it. */
export function cellText(event: Event, field: string, zone: string): string {
  switch (field) {
    case '@timestamp':
      return `${dayOf(timeOf(event), zone)} ${clockTime(timeOf(event), zone)}`
    case 'user.name':
      return inShortWho(event)
    case 'event.outcome':
      return outcomeText(event)
    case 'audit.entity.name':
      return `${text(event, 'audit.entity.type')} ${recordName(event)}`
    case 'audit.changes':
      return changeText(event)
    case 'message':
      return text(event, field) === '' ? '' : whatWasDone(event)
    default:
      return text(event, field)
  }
}

export const recordName = (event: Event): string =>
  text(event, 'audit.entity.name') || text(event, 'audit.entity.id')

/** The outcome, with which of how many attempts it was. */
export function outcomeText(event: Event): string {
  const count = text(event, 'audit.attempt.count')
  const most = text(event, 'audit.attempt.max')
  const attempts = count === '' ? '' : ` ${count}${most === '' ? '' : `/${most}`}`
  return `${text(event, 'event.outcome')}${attempts}`
}
