import { createHash } from 'node:crypto'
import { type Lock, nameAt, neededBy } from './lock.ts'
import type { Node } from './node.ts'
import type { Program } from './programs.ts'

/** The software bill of materials of a package, in CycloneDX 1.6: what package-lock.json says of each package that is in it, and Node with its parts. */
export function billOfMaterials(given: {
  readonly program: Program
  readonly version: string
  readonly date: Date
  readonly lock: Lock
  readonly node: Node
  readonly nodeParts: Readonly<Record<string, string>>
  /** The packages that are in it, by their places in the lock file. */
  readonly places: readonly string[]
}): string {
  const { program, version, date, lock, node, nodeParts, places } = given
  const own = `pkg:generic/${program.name}@${version}`
  const nodeRef = `pkg:generic/node@${node.version}`
  const libraries = places.map((place) => {
    const entry = lock.get(place)
    if (entry === undefined) throw new Error(`package-lock.json has no ${place}`)
    const name = nameAt(place)
    const [algorithm = '', hash = ''] = entry.integrity.split('-')
    return {
      place,
      component: {
        type: 'library',
        'bom-ref': refOf(name, entry.version),
        name,
        version: entry.version,
        purl: refOf(name, entry.version),
        ...(entry.license !== undefined && { licenses: [{ expression: entry.license }] }),
        hashes: [
          {
            alg: algorithm === 'sha512' ? 'SHA-512' : algorithm,
            content: Buffer.from(hash, 'base64').toString('hex'),
          },
        ],
      },
    }
  })
  const refs = new Map(libraries.map(({ place, component }) => [place, component['bom-ref']]))
  const bill = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      timestamp: date.toISOString(),
      component: {
        type: 'application',
        'bom-ref': own,
        name: program.name,
        version,
        purl: own,
        licenses: [{ license: { id: 'Apache-2.0' } }],
      },
    },
    components: [
      {
        type: 'platform',
        'bom-ref': nodeRef,
        name: 'node',
        version: node.version,
        purl: nodeRef,
        licenses: [{ license: { id: 'MIT' } }],
        components: Object.entries(nodeParts)
          .filter(([name]) => !['node', 'modules', 'napi'].includes(name))
          .map(([name, version]) => ({ type: 'library', 'bom-ref': `${nodeRef}#${name}`, name, version })),
      },
      ...unique(libraries.map(({ component }) => component)),
    ],
    dependencies: [
      { ref: own, dependsOn: [...new Set([nodeRef, ...refs.values()])].sort() },
      { ref: nodeRef, dependsOn: [] },
      ...unique(
        libraries.map(({ place, component }) => ({
          'bom-ref': component['bom-ref'],
          needs: neededBy(lock, place).flatMap((one) => refs.get(one) ?? []),
        })),
      ).map(({ 'bom-ref': ref, needs }) => ({ ref, dependsOn: [...new Set(needs)].sort() })),
    ],
  }
  const serialNumber = `urn:uuid:${uuidOf(JSON.stringify(bill))}`
  return `${JSON.stringify({ $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json', ...bill, serialNumber }, null, 2)}\n`
}

const refOf = (name: string, version: string): string => `pkg:npm/${name.replace('@', '%40')}@${version}`

/** A package may be in the tree twice, at two places. */
const unique = <T extends { readonly 'bom-ref': string }>(all: readonly T[]): T[] => [
  ...new Map(all.map((one) => [one['bom-ref'], one])).values(),
]

/** A UUID of the content (RFC 9562, version 8): the same package has the same one wherever it is built. */
function uuidOf(content: string): string {
  const bytes = createHash('sha256').update(content).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [8, 12, 16, 20, 32].map((end, index) => hex.slice([0, 8, 12, 16, 20][index], end)).join('-')
}
