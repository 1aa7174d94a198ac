import { type Ran, runHere } from '../../../test/command-here.ts'
import { commandLine } from '../command-line.ts'

/** Runs `waybill-agent` in this process, in the given folder. */
export const waybillAgent = (folder: string, args: readonly string[]): Promise<Ran> =>
  runHere(() => commandLine(args), { cwd: folder })
