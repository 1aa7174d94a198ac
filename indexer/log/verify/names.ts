import type { EventPlace, WaybillPlace } from '../../../schema/api/index.ts'

/** How findings name things for people. */

/** The first digits of an incarnation: enough to tell those of one agent apart. */
const SHOWN = 8

export const waybillName = ({ agent, incarnation, sequence }: WaybillPlace): string =>
  `waybill ${sequence} of ${agent} (incarnation ${incarnation.slice(0, SHOWN)})`

export const waybillsName = ({ sequence, ...chain }: WaybillPlace, to: number): string =>
  sequence === to
    ? waybillName({ sequence, ...chain })
    : `waybills ${sequence} to ${to} of ${chain.agent} (incarnation ${chain.incarnation.slice(0, SHOWN)})`

export const eventName = (at: EventPlace): string =>
  at.event === null
    ? `The event at position ${at.position} of ${waybillName(at)}`
    : `Event ${at.event} (position ${at.position} of ${waybillName(at)})`

/** The sealed id of an event; null if the line has none. */
export function idIn(line: Buffer): string | null {
  try {
    const { event } = JSON.parse(line.toString('utf8')) as { event?: { id?: unknown } }
    return typeof event?.id === 'string' ? event.id : null
  } catch {
    return null
  }
}

export const timeName = (time: number): string => new Date(time).toISOString()

export const keyOf = ({ agent, incarnation, sequence }: WaybillPlace): string =>
  `${agent}/${incarnation}/${sequence}`
