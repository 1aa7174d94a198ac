import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { isLoopbackHost } from '../../config/index.ts'
import { codeOf, OperatorError, reasonOf } from '../../schema/index.ts'

/** What `waybill login` keeps, by the origin of the indexer. */
const loginSchema = z.object({ name: z.string(), token: z.string() })
const loginsSchema = z.record(z.string(), loginSchema)
export type Login = z.infer<typeof loginSchema>

/** Where an indexer of this machine lays its token: in its data folder, which is one of these unless WAYBILL_STORE names it. */
const USUAL_STORES = ['data/store', '/var/lib/waybill/store']
const LOCAL_TOKEN = 'local-token'
const localSchema = z.object({ url: z.string(), token: z.string() })

export const loginsFile = (): string =>
  join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'waybill', 'logins.json')

function logins(): Record<string, Login> {
  const text = ownFile(loginsFile())
  if (text === undefined) return {}
  const parsed = loginsSchema.safeParse(jsonOf(text))
  if (parsed.success) return parsed.data
  throw new OperatorError(
    `${loginsFile()} is not as waybill writes it; remove it, and sign in again (waybill login)`,
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
      `${file} can't be written (${reasonOf(error)}); check the folder and its rights`,
      {
        cause: error,
      },
    )
  }
}

/** The token that an indexer of this machine has laid down for its own user; undefined where there is none for this address. */
export function localTokenFor(url: URL): string | undefined {
  if (!isLoopbackHost(url.hostname)) return undefined
  const stores = process.env.WAYBILL_STORE ? [process.env.WAYBILL_STORE] : USUAL_STORES
  for (const store of stores) {
    const text = ownFile(join(store, LOCAL_TOKEN))
    const parsed = text === undefined ? undefined : localSchema.safeParse(jsonOf(text))
    if (parsed?.success && isSamePlace(parsed.data.url, url)) return parsed.data.token
  }
  return undefined
}

function isSamePlace(text: string, url: URL): boolean {
  const told = URL.parse(text)
  return (
    told !== null && told.protocol === url.protocol && told.port === url.port && isLoopbackHost(told.hostname)
  )
}

/** A file that is nobody's business but its owner's; undefined where it is not there, or not to be read by this user. */
function ownFile(file: string): string | undefined {
  try {
    const { mode, uid } = statSync(file)
    const text = readFileSync(file, 'utf8')
    // Somebody else's file could hand us over to somebody else's indexer.
    const mine = process.getuid?.()
    if (mine !== undefined && uid !== mine && mine !== 0) return undefined
    if ((mode & 0o077) !== 0 && process.platform !== 'win32')
      throw new OperatorError(`${file} can be read by others, and holds a token; say chmod 600 ${file}`)
    return text
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR') return undefined
    throw error
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
