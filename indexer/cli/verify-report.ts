import type { EvidenceReport } from '../../schema/api/index.ts'
import { forNotes } from '../log/index.ts'
import { readPolicy } from '../log/verify/index.ts'
import { statementLines, type VerifiedReport, verifyReport } from '../reports/index.ts'
import { jsonLines, writeLines } from './output.ts'
import { harmless } from './terminal.ts'

/** The same meaning as with other evidence: 0 nothing is wrong, 1 something is, 2 it could not be verified. */
const EXIT_OF: Readonly<Record<VerifiedReport['verdict'], number>> = { sound: 0, changed: 1, unproved: 2 }
const VERDICT_OF: Readonly<Record<VerifiedReport['verdict'], EvidenceReport['verdict']>> = {
  sound: 'sound',
  changed: 'findings',
  unproved: 'unverified',
}

/** Verifies a report or an export by the proof in it or beside it. */
export async function verifyReportFile(
  path: string,
  given: {
    readonly policy?: string | undefined
    readonly 'report-proof'?: string | undefined
    readonly format: 'text' | 'json'
  },
): Promise<void> {
  const policy = given.policy === undefined ? null : await readPolicy(given.policy)
  const keys = policy === null ? null : policy.logs.flatMap(({ keys }) => keys.map(forNotes))
  const verified = await verifyReport(path, { proof: given['report-proof'], keys })
  const { verdict, statement, signed, sentences } = verified
  await writeLines(
    given.format === 'json'
      ? jsonLines([{ verdict: VERDICT_OF[verdict], signed, sentences, statement }])
      : textLines(verified).map((line) => harmless(line)),
  )
  process.exitCode = EXIT_OF[verdict]
}

function textLines({ verdict, statement, signed, sentences }: VerifiedReport): string[] {
  const said = statement === null ? [] : ['', ...statementLines(statement)]
  switch (verdict) {
    case 'sound':
      return ['The report is as the indexer signed it.', ...said, `Signed     by ${signed.join(', ')}`]
    case 'changed':
      return ['The report is not as the indexer signed it.', ...sentences, ...said]
    case 'unproved':
      return [...sentences, ...said]
  }
}
