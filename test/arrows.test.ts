import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'

/** Who may know whom (docs/architecture.md), held against every import statement in the tree. */
const ROOT = join(import.meta.dirname, '..')

/**
 * A room is a folder with a door. Files of a room know each other; others come in by its `index.ts`, or by one of these files
 * that hold only types and pure definitions, and stand beside the door on purpose.
 */
const ROOMS: readonly { folder: string; doors: readonly string[] }[] = [
  // The field reference for docs/ is not behind the index: what runs has no use for it.
  // Nor is the form of a rule: workers of the agent load the index.
  { folder: 'schema', doors: ['index.ts', 'reference.ts', 'rule.ts'] },
  { folder: 'schema/wire', doors: ['index.ts'] },
  { folder: 'schema/api', doors: ['index.ts'] },
  // The version is asked for by what must not load the reader of settings: `waybill --help`.
  // Only the commands that set up a host load what they share.
  { folder: 'config', doors: ['index.ts', 'service.ts', 'version.ts'] },
  // The form of requests, and no client: agent and indexer have each their own.
  { folder: 's3', doors: ['index.ts'] },
  { folder: 'agent', doors: [] },
  { folder: 'agent/inputs', doors: ['index.ts', 'input.ts', 'framing.ts'] },
  // What is in the journal is written by the one and read in the workers, which load nothing else of it.
  { folder: 'agent/inputs/journal', doors: ['index.ts', 'record.ts', 'seal.ts'] },
  { folder: 'agent/inputs/listen', doors: ['index.ts'] },
  { folder: 'agent/inputs/syslog', doors: ['index.ts'] },
  { folder: 'agent/inputs/http', doors: ['index.ts'] },
  { folder: 'agent/inputs/fetch', doors: ['index.ts'] },
  { folder: 'agent/normalise', doors: ['index.ts', 'task.ts'] },
  { folder: 'agent/propose', doors: ['index.ts'] },
  { folder: 'agent/state', doors: ['index.ts'] },
  { folder: 'agent/ship', doors: ['index.ts', 'types.ts'] },
  { folder: 'agent/cli', doors: [] },
  { folder: 'indexer', doors: [] },
  { folder: 'indexer/accounts', doors: ['index.ts'] },
  { folder: 'indexer/cases', doors: ['index.ts'] },
  { folder: 'indexer/console', doors: ['index.ts'] },
  { folder: 'indexer/alerts', doors: ['index.ts'] },
  { folder: 'indexer/alerts/sigma', doors: ['index.ts'] },
  // The settings are read where nothing is sent.
  { folder: 'indexer/alerts/notify', doors: ['index.ts', 'settings.ts'] },
  { folder: 'indexer/alerts/notify/channels', doors: ['index.ts', 'sender.ts'] },
  { folder: 'indexer/enrich', doors: ['index.ts'] },
  { folder: 'indexer/ingest', doors: ['index.ts'] },
  // The table is pure, and both stores make their partitions by it.
  { folder: 'indexer/lifecycle', doors: ['index.ts', 'table.ts'] },
  // The settings are read where no log is.
  { folder: 'indexer/log', doors: ['index.ts', 'settings.ts'] },
  { folder: 'indexer/log/verify', doors: ['index.ts', 'settings.ts', 'source.ts'] },
  // The settings are read where no archive is opened.
  { folder: 'indexer/lifecycle/archive', doors: ['index.ts', 'settings.ts'] },
  { folder: 'indexer/move', doors: ['index.ts'] },
  { folder: 'indexer/people', doors: ['index.ts'] },
  { folder: 'indexer/previous', doors: ['index.ts'] },
  // The model and the settings are types and schemas.
  { folder: 'indexer/reports', doors: ['index.ts', 'document.ts', 'settings.ts'] },
  { folder: 'indexer/reports/delivery', doors: ['index.ts'] },
  { folder: 'indexer/reports/jobs', doors: ['index.ts'] },
  { folder: 'indexer/reports/schedules', doors: ['index.ts'] },
  { folder: 'indexer/reports/writers', doors: ['index.ts'] },
  { folder: 'indexer/query', doors: ['index.ts', 'tree.ts'] },
  { folder: 'indexer/store', doors: ['index.ts', 'port.ts'] },
  { folder: 'indexer/store/embedded', doors: ['index.ts'] },
  ...['disk', 'index', 'read', 'threads', 'write'].map((room) => ({
    folder: `indexer/store/embedded/${room}`,
    doors: ['index.ts'],
  })),
  { folder: 'indexer/store/elasticsearch', doors: ['index.ts'] },
  { folder: 'indexer/settings', doors: ['index.ts'] },
  { folder: 'indexer/api', doors: ['index.ts'] },
  { folder: 'indexer/cli', doors: [] },
  { folder: 'dashboards/kibana', doors: ['index.ts'] },
  { folder: 'dashboards/kibana/lens', doors: ['index.ts'] },
  { folder: 'dashboards/watches', doors: ['index.ts'] },
  { folder: 'demo', doors: [] },
  { folder: 'demo/generator', doors: ['index.ts'] },
  { folder: 'packaging', doors: ['index.ts'] },
]

/** Into which top-level folders the files of a folder may reach; the longest name of a folder counts. `test`, `bench` and the root's own files look at the whole from outside. */
const MAY_KNOW: Readonly<Record<string, readonly string[]>> = {
  schema: [],
  config: ['schema'],
  s3: ['schema'],
  agent: ['schema', 'config', 's3'],
  indexer: ['schema', 'config', 's3'],
  // `waybill setup` puts into the cluster what dashboards and watches are made of.
  'indexer/cli': ['schema', 'config', 's3', 'dashboards'],
  dashboards: ['schema'],
  demo: [],
}

/** Packages that only these folders may import. */
const RESERVED: Readonly<Record<string, readonly string[]>> = {
  'node:sqlite': ['indexer/store/embedded'],
  bowser: ['indexer/enrich'],
  harfbuzzjs: ['indexer/reports/writers'],
  maxmind: ['indexer/enrich'],
  nodemailer: ['indexer/alerts/notify'],
  '@elastic/elasticsearch': ['indexer/store/elasticsearch', 'dashboards/watches'],
}

interface Source {
  readonly path: string
  readonly text: string
  readonly test: boolean
}

/** What git knows or would take: nothing ignored. */
const SOURCES: readonly Source[] = execFileSync(
  'git',
  ['ls-files', '-co', '--exclude-standard', '-z', '--', '*.ts', '*.tsx', '*.js', '*.mts'],
  {
    cwd: ROOT,
    encoding: 'utf8',
  },
)
  .split('\0')
  .filter((path) => path !== '' && existsSync(join(ROOT, path)))
  .map((path) => ({
    path,
    text: readFileSync(join(ROOT, path), 'utf8'),
    test:
      path.startsWith('test/') ||
      path.startsWith('bench/') ||
      path.includes('.test.') ||
      /(^|\/)testing\//.test(path),
  }))

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s(?:[^'"`;]*?\sfrom\s*)?['"]([^'"\n]+)['"]|\bimport\(\s*['"]([^'"\n]+)['"]\s*\)|new URL\(\s*['"](\.[^'"\n]*\.ts)['"]\s*,\s*import\.meta\.url/g

function importsOf(text: string): string[] {
  return [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
}

/** The innermost of the folders in which a file is. */
const inner = (folders: readonly string[], path: string): string | undefined =>
  folders.filter((folder) => path.startsWith(`${folder}/`)).sort((a, b) => b.length - a.length)[0]

const roomOf = (path: string): string | undefined =>
  inner(
    ROOMS.map(({ folder }) => folder),
    path,
  )

const target = (from: string, specifier: string): string => normalize(join(dirname(from), specifier))

const topOf = (path: string): string => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '')

/** Every import of the tree that the judge finds fault with, as `file -> what`. */
function faults(judge: (source: Source, specifier: string) => boolean, tests = true): string[] {
  return SOURCES.filter((source) => tests || !source.test).flatMap((source) =>
    importsOf(source.text)
      .filter((specifier) => judge(source, specifier))
      .map((specifier) => `${source.path} -> ${specifier}`),
  )
}

describe('who may know whom', () => {
  it('reads imports of all forms', () => {
    const text = [
      "import { a } from './a.ts'",
      "import type {\n  B,\n} from './b.ts'",
      "import './c.ts'",
      "export * from './d.ts'",
      "const e = await import('./e.ts')",
      "new Worker(new URL('./f.ts', import.meta.url))",
      "const text = 'nothing from here'",
    ].join('\n')
    expect(importsOf(text)).toEqual(['./a.ts', './b.ts', './c.ts', './d.ts', './e.ts', './f.ts'])
    expect(SOURCES.length).toBeGreaterThan(20)
  })

  it('agent and indexer never know each other, dashboards know the schema only, and schema knows nobody', () => {
    expect(
      faults(({ path, test }, specifier) => {
        const allowed = MAY_KNOW[inner(Object.keys(MAY_KNOW), path) ?? '']
        if (allowed === undefined || !specifier.startsWith('.')) return false
        const top = topOf(target(path, specifier))
        // A test may borrow what makes its input: those of dashboards from the indexer, too. None crosses between agent and indexer.
        if (test && (!['agent', 'indexer'].includes(top) || topOf(path) === 'dashboards')) return false
        return top !== topOf(path) && top !== '' && !allowed.includes(top)
      }),
    ).toEqual([])
  })

  it('schema needs nothing but Node, and zod only where it meets the outside', () => {
    expect(
      faults(({ path }, specifier) => {
        if (topOf(path) !== 'schema' || specifier.startsWith('.') || specifier.startsWith('node:'))
          return false
        return !(specifier === 'zod' && /^schema\/(?:wire|api)\//.test(path))
      }, false),
    ).toEqual([])
  })

  it('a package that belongs to one room is imported there only', () => {
    expect(
      faults(({ path }, specifier) => {
        const owners = Object.entries(RESERVED).find(
          ([name]) => specifier === name || specifier.startsWith(`${name}/`),
        )?.[1]
        return owners !== undefined && !owners.some((folder) => path.startsWith(`${folder}/`))
      }, false),
    ).toEqual([])
  })

  it('rooms are entered by their doors', () => {
    expect(
      faults(({ path }, specifier) => {
        if (!specifier.startsWith('.')) return false
        const goal = target(path, specifier)
        const room = ROOMS.find(({ folder }) => folder === roomOf(goal))
        if (room === undefined || room.doors.length === 0) return false
        // A room within a room is part of it: schema/wire reads schema's files, and would go in circles by the door.
        if (path.startsWith(`${room.folder}/`)) return false
        // And the door of the outer room hands on what it wants known of its inner ones.
        if (path === `${dirname(room.folder)}/index.ts`) return false
        return !room.doors.some((door) => goal === `${room.folder}/${door}`)
      }, false),
    ).toEqual([])
  })

  it('within the embedded store, what writes and what reads never know each other, and what both use knows neither', () => {
    const room = /^indexer\/store\/embedded\/(\w+)\//
    const known: Readonly<Record<string, readonly string[]>> = {
      disk: [],
      index: [],
      read: ['disk', 'index'],
      write: ['disk', 'index'],
      threads: ['disk', 'index', 'read', 'write'],
    }
    expect(
      faults(({ path }, specifier) => {
        const from = room.exec(path)?.[1]
        const to = specifier.startsWith('.') ? room.exec(target(path, specifier))?.[1] : undefined
        if (from === undefined || to === undefined || from === to || from === 'testing') return false
        return known[from]?.includes(to) !== true
      }, false),
    ).toEqual([])
  })

  it('within the mapper, each room uses those below it', () => {
    const floors = ['wasm', 'integration', 'read', 'mask', 'map', 'batch', 'examine']
    const room = /^agent\/normalise\/(\w+)\//
    // The shared memory has room for one event: it asks how many fields there are.
    const isAsked = (goal: string): boolean => goal === 'agent/normalise/integration/layout.ts'
    expect(
      faults(({ path }, specifier) => {
        const goal = specifier.startsWith('.') ? target(path, specifier) : ''
        const [from, to] = [room.exec(path)?.[1], room.exec(goal)?.[1]]
        if (from === undefined || to === undefined || from === to || !floors.includes(from)) return false
        return !isAsked(goal) && floors.indexOf(to) > floors.indexOf(from)
      }, false),
    ).toEqual([])
  })

  it('the console knows nothing but itself: what the indexer answers it knows from its published types', () => {
    expect(
      faults(
        ({ path }, specifier) =>
          path.startsWith('dashboards/console/src/') &&
          specifier.startsWith('.') &&
          !target(path, specifier).startsWith('dashboards/console/src/'),
      ),
    ).toEqual([])
  })

  it('integrations are data: no code lies there', () => {
    expect(SOURCES.filter(({ path }) => path.startsWith('integrations/')).map(({ path }) => path)).toEqual([])
  })
})

/** Lines of the tree that match, as `file:line`. */
function lines(pattern: RegExp, { tests }: { tests: boolean }): string[] {
  return SOURCES.filter((source) => source.path !== 'test/arrows.test.ts' && (tests || !source.test)).flatMap(
    ({ path, text }) =>
      text
        .split('\n')
        .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  )
}

describe('what no source holds', () => {
  it('a shape of a body or an answer beside its route: those are in schema/api', () => {
    const routes = SOURCES.filter(({ path }) => path.startsWith('indexer/api/routes/'))
    const own = routes.flatMap(({ path, text }) =>
      [...text.matchAll(/(?:body: |json\(\s*'[^']*',\s*)z\.\w+/g)].map(([found]) => `${path}: ${found}`),
    )
    expect(own).toEqual([])
    expect(routes.length).toBeGreaterThan(10)
  })

  it('nothing silences the compiler', () => {
    expect(lines(/\bas any\b|@ts-(ignore|expect-error|nocheck)|\bas unknown as\b/, { tests: false })).toEqual(
      [],
    )
    expect(lines(/\bas any\b|@ts-(ignore|nocheck)/, { tests: true })).toEqual([])
  })

  it('nothing is left to be done later', () => {
    expect(lines(/\b(TODO|FIXME|XXX)\b/, { tests: true })).toEqual([])
  })

  it('no path of one machine', () => {
    expect(lines(/['"`]\/(work|tmp|home|root|Users)\//, { tests: false })).toEqual([])
  })
})
