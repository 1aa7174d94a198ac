/** The door of the central settings: which event types there are, and which of them are recorded. */
export { Catalogue, INTEGRATIONS, type KnownType, openCatalogue, readCatalogue } from './catalogue.ts'
export { type CurrentSettings, EventSettings } from './event-settings.ts'
