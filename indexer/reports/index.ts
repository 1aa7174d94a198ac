/**
 * Reports and exports: what an auditor gets.
 * In: declarations (config/reports), parameters, the events as somebody sees them.
 * Out: documents, files in several formats with signed proofs, and which requirements have evidence.
 */
export { type Asked, lastPeriod, listText, type Span, spanOf, zoned } from './asked.ts'
export { type ControlBook, readControls } from './controls.ts'
export { coverageOf, type MadeReport } from './coverage.ts'
export type { Logo, ReportDocument } from './document.ts'
export {
  columnsOf,
  demandAsked,
  exportRow,
  type Gathered,
  gather,
  maskFacts,
  type ReportSources,
  type View,
  verdictOf,
} from './gather/index.ts'
export { ReportLibrary } from './library.ts'
export { type SealRequest, sealFile, statementLines, type VerifiedReport, verifyReport } from './proof.ts'
export {
  type BookReport,
  type ReportBook,
  readReport,
  readReports,
  reportsIn,
  SUPPLIED_REPORTS,
} from './report-book.ts'
