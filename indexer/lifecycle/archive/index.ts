/**
 * The archive: what retention removes from the store is kept here, encrypted, and provable.
 * In: partitions of the store, their waybills and lines.
 * Out: objects in a folder or a bucket, read back and verified; searches, restores and exports of them.
 */
export { Archive, type ArchiveParts, type ArchiveState } from './archive.ts'
export { Catalogue, type ObjectRecord } from './catalogue.ts'
export { type Destination, Folder } from './destination.ts'
export { archiveEvidence, namesIn } from './evidence.ts'
export { KeyRing } from './keys.ts'
export { type ArchiveReading, bucketOf, destinationOf, readArchive } from './open.ts'
export { ArchiveObject } from './read.ts'
export { type Restore, type RestorePlace, Restores, restoresIn } from './restore.ts'
export { type ArchiveSearch, searchObject, withWords } from './search.ts'
