import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { parseConfig } from '../../config/index.ts'
import { reasonOf } from '../../schema/index.ts'
import type { ControlLine } from './document.ts'

/** The frameworks that come with Waybill, each a file: which report supports which requirement. */
const SUPPLIED_CONTROLS: string = fileURLToPath(new URL('../../config/controls', import.meta.url))
const SUFFIX = '.yml'

const frameworkSchema = z.strictObject({
  title: z.string().min(1).max(100),
  version: z.string().min(1).max(40),
  controls: z
    .array(
      z.strictObject({
        control: z.string().min(1).max(60),
        /** What it demands, in our words: the text of a standard is its publisher's. */
        demands: z.string().min(1).max(400),
        reports: z
          .array(z.strictObject({ report: z.string().min(1), support: z.string().min(1).max(300) }))
          .min(1),
      }),
    )
    .min(1),
})

export type Framework = z.output<typeof frameworkSchema> & { readonly id: string }

export interface ControlBook {
  readonly frameworks: readonly Framework[]
  /** What is wrong with files, each a sentence. */
  readonly problems: readonly string[]
}

/** Reads the frameworks: the supplied ones, and those of a folder `controls` within the operator's own reports. */
export function readControls(own: string | undefined): ControlBook {
  const frameworks = new Map<string, Framework>()
  const problems: string[] = []
  for (const file of [...filesIn(SUPPLIED_CONTROLS), ...(own === undefined ? [] : controlFilesIn(own))]) {
    const id = basename(file, SUFFIX)
    try {
      frameworks.set(id, { id, ...parseConfig(readFileSync(file, 'utf8'), file, frameworkSchema) })
    } catch (error) {
      problems.push(reasonOf(error))
    }
  }
  return {
    frameworks: [...frameworks.values()].sort((a, b) => (a.title < b.title ? -1 : 1)),
    problems,
  }
}

export const controlFilesIn = (own: string): string[] => filesIn(join(own, 'controls'))

/** A folder that is not there has no files: operators need none of their own. */
function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(SUFFIX))
      .sort()
      .map((name) => join(folder, name))
  } catch {
    return []
  }
}

/** The requirements that a report supports. */
export const controlsOf = ({ frameworks }: ControlBook, report: string): ControlLine[] =>
  frameworks.flatMap(({ title, version, controls }) =>
    controls.flatMap(({ control, demands, reports }) =>
      reports
        .filter((one) => one.report === report)
        .map(({ support }) => ({ framework: `${title} ${version}`, control, demands, support })),
    ),
  )
