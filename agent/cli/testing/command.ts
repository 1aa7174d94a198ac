import { type Ran, runHere } from '../../../test/command-here.ts'
import { commandLine } from '../command-line.ts'

/** `waybill-agent` in this process, started in a folder. */
export const waybillAgent = (folder: string, args: readonly string[]): Promise<Ran> =>
  runHere(() => commandLine(args), { cwd: folder })
