import { isMap, isPair, isScalar, LineCounter, type Node, parseAllDocuments } from 'yaml'
import { isRecord } from '../../../schema/index.ts'
import { type Path, Refused } from './refused.ts'

/** One rule, correlation or filter of a file. */
export interface SigmaDocument {
  readonly file: string
  readonly line: number
  readonly given: Readonly<Record<string, unknown>>
  readonly title: string
  /** The names by which correlations and filters refer to it: `name` and `id`. */
  readonly names: readonly string[]
  lineOf(path: Path): number
}

export interface Problem {
  readonly file: string
  readonly line: number
  /** Empty if the file has no rule that can be named. */
  readonly title: string
  readonly reason: string
}

/** The documents of a file; throws a Refused for a text that has none, and lists those that are wrong. */
export function documentsOf(text: string, file: string): (SigmaDocument | Problem)[] {
  const lines = new LineCounter()
  const found = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false })
  const lineAt = (offset: number): number => lines.linePos(offset).line
  if (!Array.isArray(found)) return [{ file, line: 1, title: '', reason: 'the file is empty' }]
  return found.flatMap((document): (SigmaDocument | Problem)[] => {
    const line = lineAt(document.contents?.range?.[0] ?? document.range[0])
    const [mistake] = document.errors
    if (mistake !== undefined)
      return [{ file, line: lineAt(mistake.pos[0]), title: '', reason: `not YAML: ${mistake.message}` }]
    let given: unknown
    try {
      given = document.toJS()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return [{ file, line, title: '', reason: `not YAML: ${reason}` }]
    }
    if (given === null || given === undefined) return []
    const title = isRecord(given) ? given.title : undefined
    if (!isRecord(given) || typeof title !== 'string' || title.trim() === '')
      return [{ file, line, title: '', reason: 'this is no Sigma rule: it has no title' }]
    const names = [given.name, given.id].filter((name) => typeof name === 'string')
    return [
      {
        file,
        line,
        given,
        title: title.trim(),
        names,
        lineOf: (path) => lineIn(document.contents, path, lineAt),
      },
    ]
  })
}

/** The line of a member, or of the nearest one around it. */
function lineIn(root: Node | null, path: Path, lineAt: (offset: number) => number): number {
  let offset = root?.range?.[0] ?? 0
  let node: unknown = root
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
      if (!isPair(pair)) break
      if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset
      node = pair.value
      continue
    }
    const item: unknown =
      typeof node === 'object' && node !== null && 'items' in node ? node.items : undefined
    if (!Array.isArray(item) || typeof step !== 'number') break
    const items: readonly unknown[] = item
    node = items[step]
    if (isScalar(node) || isMap(node)) offset = node.range?.[0] ?? offset
  }
  return lineAt(offset)
}

export const isProblem = (one: SigmaDocument | Problem): one is Problem => 'reason' in one

export const problemOf = (document: SigmaDocument, error: unknown): Problem => {
  if (!(error instanceof Refused)) throw error
  const { file, title } = document
  return { file, line: document.lineOf(error.path), title, reason: error.message }
}
