import type { EvidenceReport, Finding } from '../../../schema/api/index.ts'
import { timeName } from './names.ts'

const many = (count: number, one: string, more = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : more}`

/** What a verification came to, in sentences. */
export function statementOf(report: EvidenceReport): string[] {
  const { place, verdict, waybills, events, proved, chains, expired, duplicates, deadLetters } = report
  const wrong = report.findings.filter(({ weight }) => weight === 'wrong')
  const unproved = report.findings.filter(({ weight }) => weight === 'unproved')
  const explained = report.findings.filter(({ weight }) => weight === 'explained')
  const head = {
    sound: `Sound: nothing is wrong with ${place}.`,
    findings: `${place} is not as it was sealed.`,
    unverified: `${place} could not be verified completely.`,
  }[verdict]
  const figures = [
    many(waybills, 'waybill'),
    `in ${many(chains, 'chain')}`,
    `with ${many(events, 'event')} read`,
  ].join(' ')
  const notes = [
    `The signed root of ${many(proved, 'waybill')} was computed again.`,
    ...(expired > 0 ? [`${many(expired, 'event')} expired by policy.`] : []),
    ...(duplicates > 0 ? [`${many(duplicates, 'event')} came more than once.`] : []),
    ...(deadLetters > 0 ? [`${many(deadLetters, 'event')} became dead letters.`] : []),
  ]
  return [
    head,
    `${figures}, from ${timeName(report.from)} to ${timeName(report.to)}.`,
    notes.join(' '),
    ...section('Wrong', wrong),
    ...section('Not proved', unproved),
    ...section('Explained', explained),
    ...(report.more > 0 ? [`${many(report.more, 'more finding')}.`] : []),
    ...(report.reservations.length === 0
      ? []
      : ['', 'Taken on trust:', ...report.reservations.map(({ sentence }) => `- ${sentence}`)]),
  ]
}

const section = (title: string, findings: readonly Finding[]): string[] =>
  findings.length === 0 ? [] : ['', `${title}:`, ...findings.map(({ sentence }) => `- ${capital(sentence)}`)]

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
