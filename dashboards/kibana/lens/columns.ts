/** Columns of a Lens layer: what is counted, and by what it is split. */
export interface Column {
  readonly label: string
  readonly bucket: boolean
  /** In a table, pixels: only what would be cut off otherwise. */
  readonly width?: number
  /** The rest of Lens's own form; `id` is that of the column by which values are ranked. */
  readonly form: (rankedBy: string | undefined) => Readonly<Record<string, unknown>>
}

interface Limits {
  /** Counts only what this finds, in KQL. */
  readonly only?: string
}

const filtered = ({ only }: Limits) =>
  only === undefined ? {} : { filter: { query: only, language: 'kuery' } }

const metric = (label: string, form: Readonly<Record<string, unknown>>, limits: Limits = {}): Column => ({
  label,
  bucket: false,
  form: () => ({ dataType: 'number', isBucketed: false, scale: 'ratio', ...form, ...filtered(limits) }),
})

export const count = (label: string, limits?: Limits): Column =>
  metric(label, { operationType: 'count', sourceField: '___records___' }, limits)

export const distinct = (label: string, field: string, limits?: Limits): Column =>
  metric(label, { operationType: 'unique_count', sourceField: field }, limits)

export const sum = (label: string, field: string, limits?: Limits): Column =>
  metric(label, { operationType: 'sum', sourceField: field }, limits)

export const average = (label: string, field: string, limits?: Limits): Column =>
  metric(label, { operationType: 'average', sourceField: field }, limits)

export const least = (label: string, field: string): Column =>
  metric(label, { operationType: 'min', sourceField: field })

export const greatest = (label: string, field: string): Column =>
  metric(label, { operationType: 'max', sourceField: field })

/** The latest of the events' times. */
export const last = (label: string, field: string): Column => ({
  ...metric(label, { operationType: 'max', sourceField: field, dataType: 'date' }),
  width: 190,
})

/** The most frequent values of a field. */
export const values = (
  label: string,
  field: string,
  {
    top = 10,
    others = true,
    type = 'string',
  }: { top?: number; others?: boolean; type?: 'string' | 'ip' } = {},
): Column => ({
  label,
  bucket: true,
  form: (rankedBy) => ({
    dataType: type,
    operationType: 'terms',
    sourceField: field,
    isBucketed: true,
    scale: 'ordinal',
    params: {
      size: top,
      orderBy: rankedBy === undefined ? { type: 'alphabetical' } : { type: 'column', columnId: rankedBy },
      orderDirection: rankedBy === undefined ? 'asc' : 'desc',
      otherBucket: others,
      missingBucket: false,
      parentFormat: { id: 'terms' },
    },
  }),
})

export const overTime = (label: string, field = '@timestamp', interval = 'auto'): Column => ({
  label,
  bucket: true,
  form: () => ({
    dataType: 'date',
    operationType: 'date_histogram',
    sourceField: field,
    isBucketed: true,
    scale: 'interval',
    params: { interval, includeEmptyRows: true },
  }),
})

/** Named groups, each by its own condition in KQL. */
export const groups = (label: string, named: Readonly<Record<string, string>>): Column => ({
  label,
  bucket: true,
  form: () => ({
    dataType: 'string',
    operationType: 'filters',
    isBucketed: true,
    scale: 'ordinal',
    params: {
      filters: Object.entries(named).map(([name, query]) => ({
        label: name,
        input: { query, language: 'kuery' },
      })),
    },
  }),
})
