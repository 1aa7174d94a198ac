/**
 * The transparency log: a statement for each stored waybill, in the public formats of C2SP (tlog-tiles, tlog-checkpoint, signed-note).
 * In: the headers of stored waybills. Out: tiles, signed checkpoints, proofs; and readers that believe nothing.
 */
export { type AnchorStatus, Anchors } from './anchors/anchors.ts'
export { type Timestamp, verifyTimestamp } from './anchors/timestamp.ts'
export { type Checkpoint, checkpointText, readCheckpoint } from './checkpoint.ts'
export { keyFolder } from './keys.ts'
export {
  NoteError,
  type NoteSignature,
  noteOf,
  type OpenedNote,
  openNote,
  readVerifierKey,
  splitNote,
  type VerifierKey,
  verifierKey,
  verifierKeyText,
} from './note.ts'
export type { LogHead, LogParts } from './own-log.ts'
export { Places, type WaybillKey } from './places.ts'
export { type LogProof, logProofText, openLogProof, readLogProof } from './proof.ts'
export { LogDamagedError, LogReader, logFolder, type ReadLogFile } from './reader.ts'
export { followKeys, forNotes, rotationPath } from './rotation.ts'
export { type LogStatus, loggedAs, RunningLog } from './running-log.ts'
export { readStatement, type Statement, statementOf } from './statement.ts'
export { CHECKPOINT, readTilePath, TILE, type TileName, tilePath, tilesOf } from './tiles.ts'
export { verifyConsistency } from './tree.ts'
export { serveWitness, Witness } from './witness/witness.ts'
