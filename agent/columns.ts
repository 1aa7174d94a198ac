import { type AgentConfig, type FileInputConfig, integrationPath } from './config.ts'
import { columnProblem, loadIntegration } from './normalise/index.ts'

type ReadBy = { readonly integration?: string; readonly columns?: FileInputConfig['columns'] }

/** Returns the names under `columns:` in agent.yml that the integration does not know, with their lines. */
export async function wrongColumns(
  file: string,
  config: AgentConfig,
): Promise<{ readonly about: string; readonly sentence: string }[]> {
  const wrong: { about: string; sentence: string }[] = []
  for (const [at, input] of config.inputs.entries()) {
    const [[kind, { integration, columns = {} }]] = Object.entries(input) as [[string, ReadBy]]
    const names = Object.keys(columns)
    if (integration === undefined || names.length === 0) continue
    const named = await loadIntegration(integrationPath(integration, file))
    for (const name of names) {
      const problem = columnProblem(named, name, columns[name]?.format)
      if (problem === null) continue
      const line = config.lineOf(['inputs', at, kind, 'columns', name])
      wrong.push({ about: `${file}:${line}`, sentence: `columns: ${problem}` })
    }
  }
  return wrong
}
