/** Columns of a Lens layer: the counted value, and the fields that split it. */
export interface Column {
  readonly label: string
  readonly bucket: boolean
  /** The width in a table, in pixels: only for columns that would be cut off otherwise. */
  readonly width?: number
  /** The cells from this number on are red. */
  readonly redFrom?: number
  /** The rest of Lens's own form; `id` is that of the column by which values are ranked. */
  readonly form: (rankedBy: string | undefined) => Form
  /** Columns that Lens computes for this one and does not show, by the ends of their ids. */
  readonly parts?: Readonly<Record<string, (id: (part: string) => string) => Form>>
}

type Form = Readonly<Record<string, unknown>>

interface Limits {
  /** Counts only what this finds, in KQL. */
  readonly only?: string
  readonly redFrom?: number
}

const filtered = ({ only }: Limits) =>
  only === undefined ? {} : { filter: { query: only, language: 'kuery' } }

const NUMBER = { dataType: 'number', isBucketed: false, scale: 'ratio' }

const metric = (label: string, form: Form, limits: Limits = {}): Column => ({
  label,
  bucket: false,
  ...(limits.redFrom !== undefined && { redFrom: limits.redFrom }),
  form: () => ({ ...NUMBER, ...form, ...filtered(limits) }),
})

export const count = (label: string, limits?: Limits): Column =>
  metric(label, { operationType: 'count', sourceField: '___records___' }, limits)

export const distinct = (label: string, field: string, limits?: Limits): Column =>
  metric(label, { operationType: 'unique_count', sourceField: field }, limits)

export const sum = (label: string, field: string, limits?: Limits): Column =>
  metric(label, { operationType: 'sum', sourceField: field }, limits)

export const average = (label: string, field: string, limits?: Limits): Column =>
  metric(label, { operationType: 'average', sourceField: field }, limits)

export const greatest = (label: string, field: string, limits?: Limits): Column =>
  metric(label, { operationType: 'max', sourceField: field }, limits)

const COUNTED = { operationType: 'count', sourceField: '___records___' }
const BEFORE = { timeShift: 'previous' }

/** The count in the period of the same length before. */
export const countBefore = (label: string): Column => metric(label, { ...COUNTED, ...BEFORE })

/** The difference between both periods as a share of the earlier one; empty if that had none. */
export const change = (label: string): Column => {
  const text = "(count() - count(shift='previous')) / count(shift='previous')"
  const call = (name: string, args: readonly unknown[]) => ({ type: 'function', name, args })
  return {
    label,
    bucket: false,
    form: () => ({
      ...NUMBER,
      operationType: 'formula',
      params: { formula: text, isFormulaBroken: false, format: { id: 'percent', params: { decimals: 0 } } },
    }),
    parts: {
      x0: () => ({ ...NUMBER, ...COUNTED }),
      x1: () => ({ ...NUMBER, ...COUNTED, ...BEFORE }),
      x2: (id) => ({
        ...NUMBER,
        operationType: 'math',
        params: {
          tinymathAst: {
            ...call('divide', [call('subtract', [id('x0'), id('x1')]), id('x1')]),
            location: { min: 0, max: text.length },
            text,
          },
        },
        references: [id('x0'), id('x1'), id('x1')],
      }),
    },
  }
}

/** The earliest of the events' times. */
export const first = (label: string, field: string): Column => ({
  ...metric(label, { operationType: 'min', sourceField: field, dataType: 'date' }),
  width: 190,
})

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
