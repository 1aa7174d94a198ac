import { PEOPLE, type Person, type Project } from './cast.ts'
import { type Entry, plainTime, type Scene, type Stage } from './stage.ts'

/**
 * Clockify: the audit log's CSV export. Timestamp, author and action are its columns, in the wording of the actions list. An update also
 * shows the previous and the new value, if the log was on when the record was made.
 */
export const CLOCKIFY_COLUMNS = [
  'Timestamp',
  'Author',
  'Email',
  'Action',
  'Entity type',
  'Entity ID',
  'Entity name',
  'Field',
  'Previous value',
  'New value',
  'Client',
  'Project',
  'Caused by',
] as const
type Column = (typeof CLOCKIFY_COLUMNS)[number]

const SYSTEM = { name: 'System', email: '' }

function entry(
  stage: Stage,
  author: { name: string; email: string },
  action: string,
  columns: Partial<Record<Column, string>>,
): Entry {
  return {
    system: 'clockify',
    row: {
      Timestamp: plainTime(stage.now),
      Author: author.name,
      Email: author.email,
      Action: action,
      ...columns,
    },
  }
}

const within = (project: Project): Partial<Record<Column, string>> => ({
  Client: project.customer.name,
  Project: project.name,
})

const idOf = (stage: Stage): string => stage.number().toString(16).padStart(24, '6')

const WORK = [
  'Routes tested with the carrier',
  'Workshop with the customer',
  'Numbers ported, second batch',
  // Descriptions contain typical input: commas, quotes, several lines.
  'Fixed "one-way audio", again',
  'Stand-up\nReview of the portal',
  'Angebot für Bäckerei Müller geprüft',
]

const VARIANTS = ['personal, timer', 'personal, manual', 'import', 'kiosk', 'for other'] as const

function* time(stage: Stage): Generator<Entry, void> {
  const { random, world } = stage
  for (const variant of random.shuffled(VARIANTS)) {
    const who: Person = random.pick([PEOPLE.kenji, PEOPLE.priya, PEOPLE.anna])
    const author = variant === 'for other' ? PEOPLE.zoe : who
    const project = random.pick(world.projects)
    const id = idOf(stage)
    const columns = {
      'Entity type': 'TIME ENTRY',
      'Entity ID': id,
      'Entity name': random.pick(WORK),
      ...within(project),
    }
    yield entry(stage, variant === 'import' ? SYSTEM : author, `Created time (${variant})`, columns)
    if (random.chance(0.5)) {
      const hours = random.int(1, 7)
      yield entry(stage, author, `Updated time (${author === who ? 'personal' : 'for other'})`, {
        ...columns,
        Field: 'Duration',
        // The log was switched on after the entry was made: no previous value.
        'Previous value': random.chance(0.2) ? '' : `0${hours}:00:00`,
        'New value': `0${hours}:30:00`,
      })
    }
  }
}

function* corrections(stage: Stage): Generator<Entry, void> {
  const { random, world } = stage
  for (const [author, scope] of [
    [PEOPLE.kenji, 'personal'],
    [PEOPLE.zoe, 'for other'],
  ] as const) {
    const columns = {
      'Entity type': 'TIME ENTRY',
      'Entity ID': idOf(stage),
      'Entity name': random.pick(WORK),
      ...within(random.pick(world.projects)),
    }
    yield entry(stage, author, `Updated time (${scope})`, {
      ...columns,
      Field: 'Billable',
      'Previous value': 'No',
      'New value': 'Yes',
    })
    yield entry(stage, author, `Deleted time (${scope})`, columns)
    yield entry(stage, author, `Restored time (${scope})`, columns)
  }
}

/** Renames a project; each of its time entries is logged as updated, too. */
function* renamedProject(stage: Stage): Generator<Entry, void> {
  const { random, world } = stage
  const project = random.pick(world.projects)
  const before = project.name
  const base = before.replace(/ \(phase \d\)$/, '')
  const phase = Number(/ \(phase (\d)\)$/.exec(before)?.[1] ?? 1)
  project.name = `${base} (phase ${(phase % 4) + 1})`
  const change = { Field: 'Name', 'Previous value': before, 'New value': project.name }
  yield entry(stage, PEOPLE.zoe, 'Updated project', {
    'Entity type': 'PROJECT',
    'Entity ID': project.id,
    'Entity name': project.name,
    ...change,
    ...within(project),
  })
  for (let left = random.int(2, 4); left > 0; left--) {
    yield entry(stage, PEOPLE.zoe, 'Updated time (for other)', {
      'Entity type': 'TIME ENTRY',
      'Entity ID': idOf(stage),
      'Entity name': random.pick(WORK),
      ...change,
      Field: 'Project',
      ...within(project),
      'Caused by': `Project updated: ${project.id}`,
    })
  }
  const rate = project.rate
  project.rate = rate === 120 ? 80 : rate + 5
  yield entry(stage, PEOPLE.zoe, 'Updated project', {
    'Entity type': 'PROJECT',
    'Entity ID': project.id,
    'Entity name': project.name,
    Field: 'Billable rate',
    'Previous value': `${rate}.00 USD`,
    'New value': `${project.rate}.00 USD`,
    ...within(project),
  })
}

/** Objects with a life cycle: created by hand, by import or from QuickBooks, changed and deleted again. */
const LIVES: readonly [type: string, noun: string, origins: readonly string[], updates: readonly string[]][] =
  [
    ['PROJECT', 'project', ['', ' (import)', ' (QuickBooks)'], ['']],
    ['TASK', 'task', ['', ' (import)'], [' (personal)', ' (for other)']],
    ['CLIENT', 'client', ['', ' (import)', ' (QuickBooks)'], ['']],
    ['TAG', 'tag', ['', ' (import)'], ['']],
  ]

function* lives(stage: Stage): Generator<Entry, void> {
  const { random, world } = stage
  for (const [type, noun, origins, updates] of LIVES) {
    const project = random.pick(world.projects)
    const name =
      { PROJECT: 'Trial', TASK: 'Training', CLIENT: project.customer.contact, TAG: 'on-call' }[type] ?? noun
    for (const origin of origins) {
      const columns = { 'Entity type': type, 'Entity ID': idOf(stage), 'Entity name': name }
      const by = origin === ' (QuickBooks)' ? SYSTEM : PEOPLE.zoe
      yield entry(stage, by, `Created ${noun}${origin}`, {
        ...columns,
        ...(noun === 'task' ? within(project) : {}),
      })
      if (origin !== '') continue
      for (const scope of updates) {
        yield entry(stage, scope === ' (personal)' ? PEOPLE.kenji : PEOPLE.zoe, `Updated ${noun}${scope}`, {
          ...columns,
          Field: 'Name',
          'Previous value': name,
          'New value': `${name} 2`,
        })
      }
      yield entry(stage, PEOPLE.zoe, `Deleted ${noun}`, { ...columns, 'Entity name': `${name} 2` })
    }
  }
}

function* expenses(stage: Stage): Generator<Entry, void> {
  const { random, world } = stage
  for (const [author, scope] of [
    [PEOPLE.tomas, 'personal'],
    [PEOPLE.zoe, 'for other'],
  ] as const) {
    const amount = random.int(20, 400)
    const columns = {
      'Entity type': 'EXPENSE',
      'Entity ID': idOf(stage),
      'Entity name': random.pick(['Train to the customer', 'Hotel, two nights', 'Test numbers']),
      ...within(random.pick(world.projects)),
    }
    yield entry(stage, author, `Created expense (${scope})`, {
      ...columns,
      Field: 'Amount',
      'New value': `${amount}.00 USD`,
    })
    yield entry(stage, author, `Updated expense (${scope})`, {
      ...columns,
      Field: 'Amount',
      'Previous value': `${amount}.00 USD`,
      'New value': `${amount + 15}.00 USD`,
    })
    yield entry(stage, author, `Deleted expense (${scope})`, columns)
    yield entry(stage, author, `Restored expense (${scope})`, columns)
  }
}

export const CLOCKIFY_SCENES: readonly Scene[] = [
  { times: 4, play: time },
  { times: 1, play: corrections },
  { times: 2, play: renamedProject },
  { times: 1, play: lives },
  { times: 1, play: expenses },
]
