import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'
import * as z from 'zod'
import { beside, isLoopbackHost } from '../../config/index.ts'
import { codeOf, OperatorError, parsedJson, reasonOf } from '../../schema/index.ts'

/** The file of `waybill login`, by the origin of the indexer. */
const loginSchema = z.object({ name: z.string(), token: z.string() })
const loginsSchema = z.record(z.string(), loginSchema)
export type Login = z.infer<typeof loginSchema>

/**
 * The places of an indexer's data folder, which has its token. Without WAYBILL_STORE, one of these settings files names the folder, or it
 * is a usual place.
 */
const USUAL_SETTINGS = ['indexer.yml', '/etc/waybill/indexer.yml']
const USUAL_STORES = ['data/store', '/var/lib/waybill/store', '/var/lib/waybill']
const LOCAL_TOKEN = 'local-token'
const localSchema = z.object({ url: z.string(), token: z.string() })

export const loginsFile = (): string =>
  join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'waybill', 'logins.json')

function logins(): Record<string, Login> {
  const text = ownFile(loginsFile())
  if (text === undefined) return {}
  const parsed = loginsSchema.safeParse(parsedJson(text))
  if (parsed.success) return parsed.data
  throw new OperatorError(
    'WB-FILE-INVALID',
    `${loginsFile()} is damaged; remove it, and sign in again (waybill login)`,
  )
}

export const loginFor = (url: URL): Login | undefined => logins()[url.origin]

export const keepLogin = (url: URL, login: Login): void => writeLogins({ ...logins(), [url.origin]: login })

export function dropLogin(url: URL): void {
  const { [url.origin]: _, ...others } = logins()
  if (Object.keys(others).length === 0) rmSync(loginsFile(), { force: true })
  else writeLogins(others)
}

function writeLogins(all: Record<string, Login>): void {
  const file = loginsFile()
  const temporary = `${file}.${process.pid}`
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(temporary, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600 })
    renameSync(temporary, file)
  } catch (error) {
    throw new OperatorError(
      'WB-FILE-UNWRITABLE',
      `${file} can't be written (${reasonOf(error)}); check the folder and its permissions`,
      {
        cause: error,
      },
    )
  }
}

/** The token that an indexer of this machine has stored for its own user; undefined if there is none for this address. */
export function localTokenFor(url: URL): string | undefined {
  if (!isLoopbackHost(url.hostname)) return undefined
  for (const file of localTokenFiles()) {
    const text = ownFile(file)
    const parsed = text === undefined ? undefined : localSchema.safeParse(parsedJson(text))
    if (parsed?.success && isSamePlace(parsed.data.url, url)) return parsed.data.token
  }
  return undefined
}

/** The files that may have the token of an indexer on this machine. */
export function localTokenFiles(): string[] {
  const stores = process.env.WAYBILL_STORE
    ? [process.env.WAYBILL_STORE]
    : [...new Set([...USUAL_SETTINGS.flatMap(folderIn), ...USUAL_STORES])]
  return stores.map((store) => join(store, LOCAL_TOKEN))
}

/** The data folder that a settings file names, with either store. Nothing else in it needs to be right. */
function folderIn(file: string): string[] {
  try {
    const { store } = settingsSchema.parse(parse(readFileSync(file, 'utf8')))
    const path = (store.embedded ?? store.elasticsearch)?.path
    return path === undefined ? [] : [beside(file, path)]
  } catch {
    // The file is missing, unreadable for this user, or not a settings file: the other places remain.
    return []
  }
}

const withPath = z.object({ path: z.string() })
const settingsSchema = z.object({
  store: z.object({ embedded: withPath.optional(), elasticsearch: withPath.optional() }),
})

function isSamePlace(text: string, url: URL): boolean {
  const told = URL.parse(text)
  return (
    told !== null && told.protocol === url.protocol && told.port === url.port && isLoopbackHost(told.hostname)
  )
}

/** Reads a file that only its owner may read; undefined if it is missing, or unreadable for this user. */
function ownFile(file: string): string | undefined {
  try {
    const { mode, uid } = statSync(file)
    const text = readFileSync(file, 'utf8')
    // Somebody else's file could hand us over to somebody else's indexer.
    const mine = process.getuid?.()
    if (mine !== undefined && uid !== mine && mine !== 0) return undefined
    if ((mode & 0o077) !== 0 && process.platform !== 'win32')
      throw new OperatorError(
        'WB-TOKEN-EXPOSED',
        `${file} holds a token, and other users can read it; run chmod 600 ${file}`,
      )
    return text
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR') return undefined
    throw error
  }
}
