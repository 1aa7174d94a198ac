import { readFileSync, statSync } from 'node:fs'
import { extname } from 'node:path'
import { reasonOf } from '../../schema/index.ts'
import { type ControlBook, controlFilesIn, readControls } from './controls.ts'
import type { Logo } from './document.ts'
import { type ReportBook, readReports, reportFilesIn } from './report-book.ts'
import type { ReportsConfig } from './settings.ts'

const MOST_LOGO = 1024 * 1024

/** The declared reports and controls, and the head of the first page. Files that change are read again when somebody asks. */
export class ReportLibrary {
  readonly #settings: () => Pick<ReportsConfig, 'own' | 'organisation'>
  readonly #say: (problem: string) => void
  #stamp: string | null = null
  #reports: ReportBook = { reports: [], problem: null }
  #controls: ControlBook = { frameworks: [], problems: [] }
  #organisation: { readonly name: string; readonly logo: Logo | null } | null = null
  readonly #said = new Set<string>()

  constructor(settings: () => Pick<ReportsConfig, 'own' | 'organisation'>, say: (problem: string) => void) {
    this.#settings = settings
    this.#say = say
    this.look()
  }

  get reports(): ReportBook {
    this.look()
    return this.#reports
  }

  get controls(): ControlBook {
    this.look()
    return this.#controls
  }

  get organisation(): { readonly name: string; readonly logo: Logo | null } | null {
    this.look()
    return this.#organisation
  }

  /** Reads what has changed, and says what is wrong with it. */
  look(): void {
    const { own, organisation } = this.#settings()
    const files = own === undefined ? [] : [...reportFilesIn(own), ...controlFilesIn(own)]
    const logo = organisation?.logo
    const stamp = JSON.stringify([
      own,
      organisation,
      [...files, ...(logo === undefined ? [] : [logo])].map(changeOf),
    ])
    if (stamp === this.#stamp) return
    this.#stamp = stamp
    this.#reports = readReports(own)
    this.#controls = readControls(own)
    const problems = [
      ...(this.#reports.problem === null ? [] : [this.#reports.problem]),
      ...this.#reports.reports.flatMap(({ problem }) => problem ?? []),
      ...this.#controls.problems,
    ]
    this.#organisation =
      organisation === undefined
        ? null
        : {
            name: organisation.name,
            logo: logo === undefined ? null : readLogo(logo, (problem) => void problems.push(problem)),
          }
    for (const problem of problems) {
      if (this.#said.has(problem)) continue
      this.#said.add(problem)
      this.#say(problem)
    }
  }
}

function changeOf(path: string): [string, number] {
  try {
    return [path, statSync(path).mtimeMs]
  } catch {
    // `readLogo` reports a file that can't be read.
    return [path, 0]
  }
}

/** Reads the logo. A report without its logo is better than no report, so a mistake is reported and does not throw. */
function readLogo(path: string, wrong: (problem: string) => void): Logo | null {
  const type = { '.png': 'png', '.svg': 'svg' }[extname(path).toLowerCase()]
  if (type !== 'png' && type !== 'svg') {
    wrong(`reports.organisation.logo: ${path} is neither a .png nor an .svg; reports are made without it.`)
    return null
  }
  try {
    const bytes = readFileSync(path)
    if (bytes.length > MOST_LOGO) {
      wrong(`reports.organisation.logo: ${path} is larger than 1 MiB; reports are made without it.`)
      return null
    }
    return { type, bytes }
  } catch (error) {
    wrong(
      `reports.organisation.logo: ${path} can't be read (${reasonOf(error)}); reports are made without it.`,
    )
    return null
  }
}
