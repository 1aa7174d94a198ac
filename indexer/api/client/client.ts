import { isRecord } from '../../../schema/index.ts'

/** Writes the console's typed client from the OpenAPI document that the indexer publishes. */
type Json = { readonly [member: string]: unknown }

const jsonOf = (value: unknown): Json => (isRecord(value) ? value : {})
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** The needs of routes for agents only: the console never calls them. */
const FOR_AGENTS = 'agent'

export function clientOf(document: Json): string {
  const types: string[] = []
  const routes: string[] = []
  for (const [path, methods] of Object.entries(jsonOf(document.paths))) {
    for (const [method, operation] of Object.entries(jsonOf(methods))) {
      const asked = jsonOf(operation)
      if (asked['x-needs'] === FOR_AGENTS) continue
      const name = String(asked.operationId)
      types.push(`  /** ${String(asked.summary)} */\n  ${name}: ${operationType(asked)}`)
      routes.push(`  ${name}: { method: '${method.toUpperCase()}', path: '${path}' },`)
    }
  }
  return `// Made from /v1/openapi.json by \`npm run client\`; do not edit.

export interface Operations {
${types.join('\n')}
}

export const ROUTES: Readonly<Record<keyof Operations, { readonly method: string; readonly path: string }>> = {
${routes.join('\n')}
}
`
}

function operationType(operation: Json): string {
  const parameters = listOf(operation.parameters).map(jsonOf)
  const group = (place: string): string => {
    const members = parameters
      .filter((one) => one.in === place)
      .map((one) => member(String(one.name), one.required === true, jsonOf(one.schema)))
    return members.length === 0 ? 'Record<never, never>' : `{ ${members.join('; ')} }`
  }
  return `{ params: ${group('path')}; query: ${group('query')}; body: ${bodyType(operation)}; answer: ${answerType(operation)} }`
}

const member = (name: string, required: boolean, schema: Json): string =>
  `${/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name)}${required ? '' : '?'}: ${typeOf(schema)}${required ? '' : ' | undefined'}`

function bodyType(operation: Json): string {
  const content = jsonOf(jsonOf(operation.requestBody).content)
  return 'application/json' in content
    ? typeOf(jsonOf(jsonOf(content['application/json']).schema))
    : 'undefined'
}

function answerType(operation: Json): string {
  const successes = Object.entries(jsonOf(operation.responses)).filter(([status]) => /^2/.test(status))
  const types = successes.map(([, response]) => {
    const content = jsonOf(jsonOf(response).content)
    if ('application/json' in content) return typeOf(jsonOf(jsonOf(content['application/json']).schema))
    return Object.keys(content).length === 0 ? 'undefined' : 'string'
  })
  return types.length === 0 ? 'undefined' : [...new Set(types)].join(' | ')
}

/** The TypeScript of a JSON schema, as far as our own schemas go. */
function typeOf(schema: Json): string {
  if ('const' in schema) return JSON.stringify(schema.const)
  if (Array.isArray(schema.enum)) return schema.enum.map((one) => JSON.stringify(one)).join(' | ')
  for (const union of ['anyOf', 'oneOf']) {
    if (union in schema)
      return listOf(schema[union])
        .map((one) => `(${typeOf(jsonOf(one))})`)
        .join(' | ')
  }
  if ('allOf' in schema)
    return listOf(schema.allOf)
      .map((one) => `(${typeOf(jsonOf(one))})`)
      .join(' & ')
  if (Array.isArray(schema.type)) return schema.type.map((type) => typeOf({ ...schema, type })).join(' | ')
  switch (schema.type) {
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type
    case 'number':
    case 'integer':
      return 'number'
    case 'array':
      return `Array<${typeOf(jsonOf(schema.items))}>`
    case 'object':
      return objectType(schema)
    default:
      return 'unknown'
  }
}

function objectType(schema: Json): string {
  const required = new Set(listOf(schema.required))
  const members = Object.entries(jsonOf(schema.properties)).map(([name, one]) =>
    member(name, required.has(name), jsonOf(one)),
  )
  if (members.length > 0) return `{ ${members.join('; ')} }`
  const rest = schema.additionalProperties
  return `Record<string, ${isRecord(rest) ? typeOf(rest) : 'unknown'}>`
}
