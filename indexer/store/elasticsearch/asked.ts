import type { estypes } from '@elastic/elasticsearch'

/** One query of the cluster's own language. The client's type has `undefined` in it. */
export type Dsl = NonNullable<estypes.QueryDslQueryContainer>

/**
 * A condition for the cluster, as two bounds: `may` finds all events that meet it and maybe others, `must` only events that meet it. If
 * both are the same, the condition is exact; otherwise the results of `may` are checked again. `not` needs both, since it exchanges them.
 */
export interface Asked {
  readonly may: Dsl
  readonly must: Dsl
  readonly exact: boolean
}

export const ALL: Dsl = { match_all: {} }
export const NONE: Dsl = { match_none: {} }

export const exactly = (query: Dsl): Asked => ({ may: query, must: query, exact: true })
export const candidates = (may: Dsl, must: Dsl = NONE): Asked => ({ may, must, exact: false })
export const none: Asked = exactly(NONE)

export const allOf = (parts: readonly Asked[]): Asked => ({
  may: every(parts.map(({ may }) => may)),
  must: every(parts.map(({ must }) => must)),
  exact: parts.every(({ exact }) => exact),
})

export const anyOf = (parts: readonly Asked[]): Asked => ({
  may: some(parts.map(({ may }) => may)),
  must: some(parts.map(({ must }) => must)),
  exact: parts.every(({ exact }) => exact),
})

export const notOf = ({ may, must, exact }: Asked): Asked => ({
  may: opposite(must),
  must: opposite(may),
  exact,
})

function every(parts: readonly Dsl[]): Dsl {
  if (parts.includes(NONE)) return NONE
  const needed = parts.filter((part) => part !== ALL)
  if (needed.length === 0) return ALL
  return needed.length === 1 ? needed[0]! : { bool: { filter: needed } }
}

function some(parts: readonly Dsl[]): Dsl {
  if (parts.includes(ALL)) return ALL
  const possible = parts.filter((part) => part !== NONE)
  if (possible.length === 0) return NONE
  return possible.length === 1 ? possible[0]! : { bool: { should: possible, minimum_should_match: 1 } }
}

function opposite(query: Dsl): Dsl {
  if (query === ALL) return NONE
  return query === NONE ? ALL : { bool: { must_not: [query] } }
}
