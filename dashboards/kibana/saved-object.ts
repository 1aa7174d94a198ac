/**
 * The form of Kibana's imports: one saved object a line. Each names the version of its own form, because Kibana converts it from there to
 * its own. Kibana takes an object without a version for the oldest there is: 8.3 then answers `success` and draws nothing.
 */
export interface SavedObject {
  readonly type: keyof typeof FORM
  readonly id: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly references: readonly Reference[]
  readonly migrationVersion: Readonly<Record<string, string>>
  readonly coreMigrationVersion: string
}

export interface Reference {
  readonly name: string
  readonly type: keyof typeof FORM
  readonly id: string
}

/** The oldest Kibana that takes them. Panels are written in its form. */
export const KIBANA = '8.3.0'

/** The last change of form of each type up to that version: an object of a later form than Kibana knows is refused. */
const FORM = { dashboard: KIBANA, 'index-pattern': '7.11.0', search: '7.9.3' } as const

export function savedObject(
  type: keyof typeof FORM,
  id: string,
  attributes: Readonly<Record<string, unknown>>,
  references: readonly Reference[] = [],
): SavedObject {
  return {
    type,
    id,
    attributes,
    references,
    migrationVersion: { [type]: FORM[type] },
    coreMigrationVersion: KIBANA,
  }
}

/** The file that Kibana's import takes. */
export const ndjsonOf = (objects: readonly SavedObject[]): string =>
  objects.map((object) => `${JSON.stringify(object)}\n`).join('')
