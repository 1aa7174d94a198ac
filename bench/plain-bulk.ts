import { once } from 'node:events'
import { type Agent, Agent as HttpAgent, request } from 'node:http'
import type { estypes } from '@elastic/elasticsearch'
import type { EngineAddress } from '../test/engines/elasticsearch.ts'

const KEYWORD: estypes.MappingProperty = { type: 'keyword', ignore_above: 1024 }
const object = (properties: Record<string, estypes.MappingProperty>): estypes.MappingProperty => ({
  properties,
})

/** The fields that the benchmark's events have, as ECS maps them, and keywords where ECS has no field. */
const MAPPINGS: estypes.MappingTypeMapping = {
  dynamic: false,
  date_detection: false,
  properties: {
    '@timestamp': { type: 'date' },
    agent: object({ id: KEYWORD, name: KEYWORD, version: KEYWORD }),
    audit: object({
      category: KEYWORD,
      changes: { type: 'object', enabled: false },
      component: KEYWORD,
      entity: object({ id: KEYWORD, type: KEYWORD }),
      payload: { type: 'flattened' },
      record_count: { type: 'long' },
      session: object({ id: KEYWORD }),
    }),
    event: object({
      action: KEYWORD,
      duration: { type: 'long' },
      id: KEYWORD,
      kind: KEYWORD,
      module: KEYWORD,
      original: { type: 'keyword', index: false, doc_values: false },
      outcome: KEYWORD,
      sequence: { type: 'long' },
    }),
    host: object({ name: KEYWORD }),
    log: object({ file: object({ path: KEYWORD }), offset: { type: 'long' } }),
    message: { type: 'text', norms: false },
    source: object({ ip: { type: 'ip' } }),
    user: object({ id: KEYWORD, name: KEYWORD }),
  },
}
const CREATE = Buffer.from('{"create":{}}\n')
const NEWLINE = Buffer.from('\n')

/**
 * The same events as a plain shipper would write them: the lines in bulk, under ids that Elasticsearch gives, into one index with a
 * template for ECS. Nothing is enriched, checked or stored once only.
 */
export class PlainBulk {
  readonly #address: EngineAddress
  readonly #index: string
  readonly #agent: Agent = new HttpAgent({ keepAlive: true })

  private constructor(address: EngineAddress, index: string) {
    this.#address = address
    this.#index = index
  }

  static async open(address: EngineAddress, name: string): Promise<PlainBulk> {
    const plain = new PlainBulk(address, `plain-${name}`)
    const template = {
      index_patterns: [plain.#index],
      priority: 600,
      template: {
        mappings: MAPPINGS,
        settings: { number_of_shards: 1, auto_expand_replicas: '0-1', codec: 'best_compression' },
      },
    }
    await plain.#ask('PUT', `/_index_template/${plain.#index}`, JSON.stringify(template), 'application/json')
    await plain.#ask('PUT', `/${plain.#index}`, '', 'application/json')
    return plain
  }

  /** Writes the lines of a batch in one request. */
  async write(lines: Buffer): Promise<void> {
    const parts: Buffer[] = []
    for (let start = 0; start < lines.length; ) {
      const found = lines.indexOf(10, start)
      const end = found === -1 ? lines.length : found
      parts.push(CREATE, lines.subarray(start, end), NEWLINE)
      start = end + 1
    }
    const path = `/${this.#index}/_bulk?filter_path=errors`
    const answer = await this.#ask('POST', path, Buffer.concat(parts), 'application/x-ndjson')
    if (!answer.includes('"errors":false')) throw new Error(`the plain bulk: ${answer.slice(0, 500)}`)
  }

  /** Makes searchable what was written to its index and to these: otherwise a part of the work would be done after the measurement. */
  async refresh(indices: string): Promise<void> {
    await this.#ask('POST', `/${this.#index},${indices}/_refresh`, '', 'application/json')
  }

  /** Bytes on the disk. */
  async bytes(): Promise<number> {
    await this.#ask('POST', `/${this.#index}/_flush`, '', 'application/json')
    const answer = await this.#ask('GET', `/${this.#index}/_stats/store`, '', 'application/json')
    const { _all: all } = JSON.parse(answer) as { _all: { primaries: { store: { size_in_bytes: number } } } }
    return all.primaries.store.size_in_bytes
  }

  async close(): Promise<void> {
    await this.#ask('DELETE', `/${this.#index}`, '', 'application/json')
    await this.#ask('DELETE', `/_index_template/${this.#index}`, '', 'application/json')
    this.#agent.destroy()
  }

  async #ask(method: string, path: string, body: string | Buffer, type: string): Promise<string> {
    const { url, username, password } = this.#address
    const asked = request(url + path, {
      method,
      agent: this.#agent,
      auth: `${username}:${password}`,
      headers: body.length === 0 ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) },
    })
    asked.end(body)
    const [response] = (await once(asked, 'response')) as [NodeJS.ReadableStream & { statusCode?: number }]
    let text = ''
    for await (const part of response.setEncoding('utf8')) text += String(part)
    if ((response.statusCode ?? 500) >= 300)
      throw new Error(`${method} ${path}: ${response.statusCode} ${text}`)
    return text
  }
}
