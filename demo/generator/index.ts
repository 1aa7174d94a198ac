export { PEOPLE, VISITOR_ADDRESS } from './cast.ts'
export { AuditFiles, type AuditFilesOptions, headerOf, recordText } from './files.ts'
export { type Entry, SYSTEMS, type System } from './stage.ts'
export { Story } from './story.ts'
