import { open } from 'node:fs/promises'
import { hostname } from 'node:os'
import { type AgentConfig, fileInputsOf, integrationPath } from '../config.ts'
import { matchingFiles } from '../inputs/index.ts'
import { type Integration, likelier, likelierText, loadIntegration, withColumns } from '../normalise/index.ts'

const HEAD_BYTES = 32 * 1024

/** The beginning of a file shows whether it is of another system: its records become events all the same, of which few say what happened. */
export async function otherIntegration(
  path: string,
  named: Integration,
  timeZone: string,
): Promise<string | null> {
  const head = await headOf(path)
  const other = await likelier(named, head, { path, timeZone, host: hostname(), now: Date.now() })
  return other === null ? null : likelierText(other, named)
}

async function headOf(path: string): Promise<Buffer> {
  const file = await open(path)
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/** Of each input that reads files, what its first file says of the integration that was named for it. */
export async function wrongIntegrations(configFile: string, config: AgentConfig): Promise<string[]> {
  const sentences: string[] = []
  for (const input of fileInputsOf(config)) {
    const { paths, exclude, gzip, integration, columns, 'time-zone': timeZone } = input
    const named = withColumns(await loadIntegration(integrationPath(integration, configFile)), columns)
    const [first] = (await matchingFiles({ paths, exclude, gzip })).files
    const wrong = first === undefined ? null : await otherIntegration(first, named, timeZone)
    if (wrong !== null) sentences.push(`${first}: ${wrong}.`)
  }
  return sentences
}
