import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { isMap, isPair, isScalar, LineCounter, type Node, parseDocument, type Scalar, visit } from 'yaml'
import type * as z from 'zod'
import { codeOf, OperatorError, reasonOf } from '../schema/index.ts'
import { allowedKeys, closest } from './allowed.ts'
import { beside } from './beside.ts'

/** A fault in a config file, as data. */
export interface ConfigProblem {
  readonly line: number
  /** The place in the file's structure: `inputs[0].file.paths`. */
  readonly path: string
  readonly problem: string
}

/** The exit code of a command. */
const WRONG_SETTINGS = 2

/** The file is not usable; the sentence lists each problem with its line. */
export class ConfigError extends OperatorError {
  override name = 'ConfigError'
  readonly problems: readonly ConfigProblem[]

  constructor(file: string, problems: readonly ConfigProblem[]) {
    const sentences = problems.map(
      (p) => `${file}:${p.line}: ${p.path === '' ? '' : `${p.path}: `}${p.problem}`,
    )
    super('WB-CONFIG-INVALID', sentences.join('\n'), { exitCode: WRONG_SETTINGS })
    this.problems = problems
  }
}

export interface ConfigSources {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly readSecretFile: (path: string) => string
  /** The text for a variable or a file that does not exist yet; without it, its absence is a problem. */
  readonly absent?: string
}

const SYSTEM: ConfigSources = {
  env: process.env,
  readSecretFile: (path) => readFileSync(path, 'utf8'),
}

/** Returns the line of a setting, by its path; for a missing setting, the line of the nearest enclosing one. */
export type LineOf = (path: readonly PropertyKey[]) => number

/** Reads a YAML file, replaces `${env:NAME}` and `${file:/path}` by their values, and checks it with a schema. */
export async function readConfig<T>(
  file: string,
  schema: z.ZodType<T>,
  more: Pick<ConfigSources, 'absent'> = {},
): Promise<{ value: T; file: string; lineOf: LineOf }> {
  const path = resolve(file)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT')
      throw new OperatorError('WB-FILE-MISSING', `There is no file ${file}: name the one that is there.`, {
        exitCode: WRONG_SETTINGS,
      })
    if (code === 'EACCES')
      throw new OperatorError(
        'WB-FILE-UNREADABLE',
        `This user may not read ${file}: make it readable for this user.`,
        {
          exitCode: WRONG_SETTINGS,
        },
      )
    if (code === 'EISDIR')
      throw new OperatorError('WB-FILE-UNREADABLE', `${file} is a folder: name a file in it.`, {
        exitCode: WRONG_SETTINGS,
      })
    throw new OperatorError('WB-FILE-UNREADABLE', `${file} can't be read: ${reasonOf(error)}`, {
      cause: error,
    })
  }
  return { ...parsed(text, file, schema, { ...SYSTEM, ...more }), file: path }
}

/** The same for a text. */
export function parseConfig<T>(
  text: string,
  file: string,
  schema: z.ZodType<T>,
  from: ConfigSources = SYSTEM,
): T {
  return parsed(text, file, schema, from).value
}

function parsed<T>(
  text: string,
  file: string,
  schema: z.ZodType<T>,
  from: ConfigSources,
): { value: T; lineOf: LineOf } {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  if (document.errors.length > 0) {
    throw new ConfigError(
      file,
      document.errors.map((e) => ({
        line: lines.linePos(e.pos[0]).line,
        path: '',
        problem: `not YAML: ${withoutSource(e.message)}${e.code === 'TAB_AS_INDENT' ? '; indent with blanks' : ''}`,
      })),
    )
  }

  const problems: ConfigProblem[] = []
  const lineOf = (node: Node | null | undefined): number =>
    node?.range ? lines.linePos(node.range[0]).line : 1
  /** The text of the file at each reference, so that an error shows the reference and not the secret. */
  const references = new Map<Node, string>()
  visit(document, {
    Alias(_, node) {
      // This is mostly a password that begins with this sign; the parser would show it.
      if (node.resolve(document) === undefined)
        problems.push({
          line: lineOf(node),
          path: '',
          problem: 'a text that begins with * must be in quotes',
        })
    },
    Scalar(_, node: Scalar) {
      if (typeof node.value !== 'string' || !node.value.includes('${')) return
      const written = node.value
      try {
        node.value = expand(written, {
          ...from,
          readSecretFile: (path) => from.readSecretFile(beside(file, path)),
        })
        references.set(node, written)
      } catch (error) {
        problems.push({ line: lineOf(node), path: '', problem: reasonOf(error) })
      }
    },
  })
  if (problems.length > 0) throw new ConfigError(file, problems)

  const found: unknown = document.toJS() ?? {}
  const nodeAt = (path: readonly PropertyKey[]): Node | undefined => {
    for (let length = path.length; length >= 0; length--) {
      const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true)
      if (typeof node === 'object' && node !== null && 'range' in node) return node as Node
    }
    return undefined
  }
  const result = schema.safeParse(found, { reportInput: true })
  if (result.success) return { value: result.data, lineOf: (path) => lineOf(nodeAt(path)) }

  const keyLine = (path: readonly PropertyKey[], key: string): number => {
    const parent = nodeAt(path)
    if (!isMap(parent)) return lineOf(parent)
    const pair = parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === key)
    return isScalar(pair?.key) ? lineOf(pair.key) : lineOf(parent)
  }

  const isPutIn = (path: readonly PropertyKey[], key: string): boolean => {
    const parent = nodeAt(path)
    return (
      isMap(parent) &&
      parent.items.some((item) => isScalar(item.key) && item.key.value === key && references.has(item.key))
    )
  }

  const report = (issues: readonly z.core.$ZodIssue[], base: readonly PropertyKey[]): void => {
    for (const issue of issues) {
      const path = [...base, ...issue.path]
      if (issue.code === 'unrecognized_keys') {
        const allowed = allowedKeys(schema, path)
        for (const key of issue.keys) {
          // The key may be a secret whose name was forgotten.
          if (isSecret(path) || isPutIn(path, key)) {
            problems.push({
              line: keyLine(path, key),
              path: show(path),
              problem: 'a key is not allowed here. It is not shown, since it may be a secret',
            })
            continue
          }
          const near = closest(key, allowed)
          const hint = near === undefined ? '' : ` (did you mean "${near}"?)`
          const list =
            allowed.length === 0 ? 'nothing is allowed here' : `allowed here: ${allowed.join(', ')}`
          problems.push({
            line: keyLine(path, key),
            path: show(path),
            problem: `unknown key "${key}"${hint}; ${list}`,
          })
        }
        continue
      }
      // A union reports the errors of each branch; the branch that got furthest is the intended one.
      if (issue.code === 'invalid_union' && issue.errors.length > 0) {
        const branches = issue.errors.filter((branch) => branch.length > 0)
        const depth = (branch: readonly z.core.$ZodIssue[]): number =>
          Math.max(...branch.map((i) => i.path.length + (i.code === 'unrecognized_keys' ? 1 : 0)))
        const meant = branches.toSorted((a, b) => depth(b) - depth(a))[0]
        if (meant !== undefined && depth(meant) > 0) {
          report(meant, path)
          continue
        }
      }
      const node = nodeAt(path)
      const reference = node === undefined ? undefined : references.get(node)
      const input = valueAt(found, path)
      const said =
        reference ??
        (input === undefined ? undefined : isSecret(path) ? 'a value that is not shown' : brief(input))
      problems.push({
        line: lineOf(node),
        path: show(path),
        problem: said === undefined ? `missing; ${expected(issue)}` : `found ${said}; ${expected(issue)}`,
      })
    }
  }
  report(result.error.issues, [])
  throw new ConfigError(file, problems)
}

function expand(text: string, from: ConfigSources): string {
  return text.replace(/\$\{(?:(env|file):)?([^}]*)\}/g, (whole, kind: string | undefined, name: string) => {
    if (kind === 'env') {
      const value = from.env[name] ?? from.absent
      if (value === undefined)
        throw new Error(`the environment variable ${name} is not set (from "${whole}")`)
      return value
    }
    if (kind === 'file') {
      try {
        return from.readSecretFile(name).replace(/\r?\n$/, '')
      } catch (error) {
        if (from.absent !== undefined && codeOf(error) === 'ENOENT') return from.absent
        throw new Error(
          `the file ${name} can't be read: ${codeOf(error) ?? reasonOf(error)} (from "${whole}")`,
        )
      }
    }
    // The text may be part of a password with these signs, so it is not shown.
    throw new Error('the text in ${...} is not a reference; write ${env:NAME} or ${file:/path}')
  })
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value
  for (const member of path) {
    if (typeof at !== 'object' || at === null) return undefined
    at = Reflect.get(at, member)
  }
  return at
}

const show = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  )

/** Settings with these names contain secrets, even if the settings are invalid. */
const SECRET_NAME = /token|password|passwd|passphrase|secret|credential|api-?key|private-?key|authorization/i

const isSecret = (path: readonly PropertyKey[]): boolean =>
  path.some((part) => typeof part === 'string' && SECRET_NAME.test(part))

/** A value in a message. Lists and groups may contain secrets, so only their kind is shown. URLs lose user and password. */
function brief(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'a group of keys'
  const text = JSON.stringify(value).replace(/\/\/[^/@\s]*@/g, '//[secret]@')
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** Some messages of the parser quote the file after a colon. */
const withoutSource = (message: string): string => message.replace(/: .*$/s, '')

function expected(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${TYPE_WORDS[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return `allowed: ${issue.values.map(String).join(', ')}`
    default:
      return issue.message.charAt(0).toLowerCase() + issue.message.slice(1)
  }
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of keys',
  record: 'a group of keys',
}
