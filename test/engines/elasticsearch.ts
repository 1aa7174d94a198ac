import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import { javaHome } from './java.ts'

/** The release that tests use if they start the engine themselves. */
export const ELASTICSEARCH_VERSION = '9.2.0'

/** The address of an engine, and a user with all permissions. */
export interface EngineAddress {
  readonly url: string
  readonly username: string
  readonly password: string
  /** The origin of the engine: a test that needs more can name it when it is skipped. */
  readonly kind: 'named' | 'container' | 'maven'
}

export interface Engine {
  readonly address: EngineAddress
  stop(): Promise<void>
}

/**
 * A real Elasticsearch: the one that `WAYBILL_TEST_ES` names (a URL with user and password), else a container where there is
 * Docker, else the server from Maven Central.
 */
export async function startEngine(environment: NodeJS.ProcessEnv = process.env): Promise<Engine> {
  const named = environment.WAYBILL_TEST_ES
  if (named !== undefined && named !== '') return { address: addressIn(named), stop: async () => {} }
  return (await startContainer()) ?? (await LocalEngine.start())
}

function addressIn(text: string): EngineAddress {
  const url = new URL(text)
  const [username, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)]
  url.username = ''
  url.password = ''
  return { url: url.href.replace(/\/$/, ''), username, password, kind: 'named' }
}

async function startContainer(): Promise<Engine | null> {
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers')
  try {
    await getContainerRuntimeClient()
  } catch {
    return null
  }
  const password = randomBytes(12).toString('hex')
  const container = await new GenericContainer(
    `docker.elastic.co/elasticsearch/elasticsearch:${ELASTICSEARCH_VERSION}`,
  )
    .withEnvironment({
      'discovery.type': 'single-node',
      'xpack.security.enabled': 'true',
      'xpack.security.http.ssl.enabled': 'false',
      'xpack.license.self_generated.type': 'trial',
      ELASTIC_PASSWORD: password,
      ES_JAVA_OPTS: '-Xms1g -Xmx1g',
    })
    .withExposedPorts(9200)
    .withWaitStrategy(
      Wait.forHttp('/_cluster/health?wait_for_status=yellow', 9200).withBasicCredentials('elastic', password),
    )
    .withStartupTimeout(180_000)
    .start()
  return {
    address: {
      url: `http://${container.getHost()}:${container.getMappedPort(9200)}`,
      username: 'elastic',
      password,
      kind: 'container',
    },
    stop: async () => {
      await container.stop()
    },
  }
}

export interface Privileges {
  readonly cluster: readonly ('monitor' | 'manage_ilm' | 'manage_index_templates')[]
  /** The privileges on `waybill-*`. */
  readonly index: readonly ('all' | 'read' | 'write' | 'maintenance' | 'monitor' | 'view_index_metadata')[]
}

/**
 * The accounts that docs/operations.md describes. The server from Maven Central knows only the roles in its files: it starts with these.
 */
export const ACCOUNTS = {
  /** `setup: none` */
  'waybill-indexer': {
    cluster: ['monitor'],
    index: ['read', 'write', 'maintenance', 'monitor', 'view_index_metadata'],
  },
  /** `setup: automatic` */
  'waybill-setup': { cluster: ['monitor', 'manage_ilm', 'manage_index_templates'], index: ['all'] },
} as const satisfies Readonly<Record<string, Privileges>>

const rolesOf = ([name, { cluster, index }]: [string, Privileges]): [string, object] => [
  name,
  { cluster, indices: [{ names: ['waybill-*'], privileges: index }] },
]

const run = promisify(execFile)
const ARTIFACT = `org.elasticsearch.distribution.integ-test-zip:elasticsearch:${ELASTICSEARCH_VERSION}:zip`
const LEAST_JAVA = 21
const USERNAME = 'waybill'
/** The user that runs the server if the tests run as root, which the server refuses. */
const NOBODY = 65534
const START_TIME = 240_000
/** Memory that looks like a disk, if there is some: the tests make hundreds of indices, and each is synced many times. */
const QUICK_DISK = '/dev/shm'

/**
 * The server from Maven Central, in a folder of its own: bulk, search, aggregations, templates, aliases, snapshots, security. It
 * has no ILM, Watcher, scripts, ingest processors or `match_only_text`. Maven keeps the download among its own files.
 */
export class LocalEngine implements Engine {
  readonly #folder: string
  readonly #data: string
  readonly #java: string
  readonly #password = randomBytes(12).toString('hex')
  #process: ChildProcess | null = null
  #port = 0

  private constructor(folder: string, java: string) {
    this.#folder = folder
    this.#data = mkdtempSync(join(existsSync(QUICK_DISK) ? QUICK_DISK : folder, 'waybill-engine-'))
    this.#java = java
  }

  static async start(): Promise<LocalEngine> {
    const java = javaHome(LEAST_JAVA)
    if (java === null)
      throw new Error(
        `these tests need Java ${LEAST_JAVA} or newer for Elasticsearch: install it, set ES_JAVA_HOME, or name a cluster in WAYBILL_TEST_ES`,
      )
    const folder = mkdtempSync(join(tmpdir(), 'waybill-engine-'))
    const engine = new LocalEngine(folder, java)
    try {
      // It marks what it has unpacked, and would not do it again.
      const to = [`-DoutputDirectory=${folder}`, `-DmarkersDirectory=${join(folder, 'markers')}`]
      const command = ['-q', '-B', 'dependency:unpack', `-Dartifact=${ARTIFACT}`, ...to]
      await run('mvn', command, { cwd: folder, timeout: 300_000 })
      engine.#configure()
      await engine.#start()
      return engine
    } catch (thrown) {
      await engine.stop()
      throw thrown
    }
  }

  get address(): EngineAddress {
    return {
      url: `http://127.0.0.1:${this.#port}`,
      username: USERNAME,
      password: this.#password,
      kind: 'maven',
    }
  }

  /** The server's process. */
  get pid(): number {
    return Number(readFileSync(this.#pidFile, 'utf8'))
  }

  get #home(): string {
    return join(this.#folder, `elasticsearch-${ELASTICSEARCH_VERSION}`)
  }

  #configure(): void {
    const config = join(this.#home, 'config')
    const users = [[USERNAME, 'superuser'], ...Object.keys(ACCOUNTS).map((name) => [name, name])]
    const hash = hashOf(this.#password)
    writeFileSync(join(config, 'users'), users.map(([user]) => `${user}:${hash}\n`).join(''))
    writeFileSync(join(config, 'users_roles'), users.map(([user, role]) => `${role}:${user}\n`).join(''))
    writeFileSync(
      join(config, 'roles.yml'),
      stringify(Object.fromEntries(Object.entries(ACCOUNTS).map(rolesOf))),
    )
    appendFileSync(
      join(config, 'elasticsearch.yml'),
      [
        'discovery.type: single-node',
        `path.data: ${this.#data}`,
        'http.host: 127.0.0.1',
        'transport.host: 127.0.0.1',
        'transport.port: 0',
        'xpack.security.enabled: true',
        'xpack.security.http.ssl.enabled: false',
        // The tests do not depend on the free space of the machine's disk.
        'cluster.routing.allocation.disk.threshold_enabled: false',
        'action.destructive_requires_name: false',
        '',
      ].join('\n'),
    )
    mkdirSync(join(this.#folder, 'temporary'))
    if (process.getuid?.() === 0) for (const folder of [this.#folder, this.#data]) giveTo(folder, NOBODY)
  }

  async #start(): Promise<void> {
    const asRoot = process.getuid?.() === 0
    const command = [join(this.#home, 'bin', 'elasticsearch'), '-p', this.#pidFile]
    const child = spawn('bash', [...command, '-E', `http.port=${this.#port}`], {
      cwd: this.#folder,
      env: {
        PATH: process.env.PATH,
        HOME: this.#folder,
        ES_JAVA_HOME: this.#java,
        ES_JAVA_OPTS: '-Xms512m -Xmx512m',
        // Beside the server's own folder: it refuses to have rights above that.
        ES_TMPDIR: join(this.#folder, 'temporary'),
      },
      ...(asRoot && { uid: NOBODY, gid: NOBODY }),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#process = child
    const printed: string[] = []
    const started = Promise.withResolvers<void>()
    const late = setTimeout(() => started.reject(new Error('it did not start in time')), START_TIME)
    child.once('exit', (code) => started.reject(new Error(`it ended with ${code}`)))
    child.once('error', started.reject)
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        printed.push(line)
        if (printed.length > 200) printed.shift()
        const [, port] = /AbstractHttpServerTransport.*publish_address \{[^}]*:(\d+)\}/.exec(line) ?? []
        if (port !== undefined) this.#port = Number(port)
        if (/o\.e\.n\.Node.*\] started\b/.test(line)) started.resolve()
      })
    }
    try {
      await started.promise
    } catch (thrown) {
      throw new Error(`Elasticsearch: ${String(thrown)}\n${printed.slice(-30).join('\n')}`, { cause: thrown })
    } finally {
      clearTimeout(late)
    }
  }

  /** The process that was started is a launcher, which starts the server and ends with it. */
  get #pidFile(): string {
    return join(this.#folder, 'temporary', 'server.pid')
  }

  /** Ends the server, which finishes what it was doing; its data and its port stay. */
  halt(): Promise<void> {
    return this.#end((launcher) => launcher.kill('SIGTERM'))
  }

  /** The server ends in the midst of what it was doing. */
  kill(): Promise<void> {
    return this.#end(() => process.kill(this.pid, 'SIGKILL'))
  }

  async #end(end: (launcher: ChildProcess) => void): Promise<void> {
    const child = this.#process
    this.#process = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    end(child)
    await exited
    rmSync(this.#pidFile, { force: true })
  }

  /** Starts it again at the same address. */
  async resume(): Promise<void> {
    await this.#start()
  }

  async stop(): Promise<void> {
    await this.halt()
    for (const folder of [this.#folder, this.#data]) rmSync(folder, { recursive: true, force: true })
  }
}

/** A password as the file realm wants it: Elasticsearch's own notation for PBKDF2. */
function hashOf(password: string): string {
  const cost = 1000
  const salt = randomBytes(32)
  const hash = pbkdf2Sync(password, salt, cost, 32, 'sha512')
  return `{PBKDF2}${cost}$${salt.toString('base64')}$${hash.toString('base64')}`
}

function giveTo(path: string, user: number): void {
  chownSync(path, user, user)
  for (const entry of readdirSync(path, { recursive: true, encoding: 'utf8' }))
    chownSync(join(path, entry), user, user)
}
