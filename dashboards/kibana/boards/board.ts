import type { Control, Panel } from '../dashboard.ts'
import type { DataViews } from '../data-views.ts'
import { type Content, savedSearch } from '../lens/index.ts'
import type { savedSearches } from '../saved-searches.ts'

/** The parts that every dashboard is made from. */
export interface Given {
  readonly views: DataViews
  readonly searches: ReturnType<typeof savedSearches>
  /** Ids of the dashboards. */
  readonly boards: Boards
}

export const BOARDS = [
  'overview',
  'log-viewer',
  'user-activity',
  'security',
  'system',
  'changes',
  'exports',
  'agents',
] as const
export type Boards = Readonly<Record<(typeof BOARDS)[number], string>>

export function boardIds(namespace: string): Boards {
  const id = (board: keyof Boards): string => `waybill-${board}-${namespace}`
  return {
    overview: id('overview'),
    'log-viewer': id('log-viewer'),
    'user-activity': id('user-activity'),
    security: id('security'),
    system: id('system'),
    changes: id('changes'),
    exports: id('exports'),
    agents: id('agents'),
  }
}

export const WHOLE = 48

/** The lists above the panels of every dashboard that is about events. */
export const eventControls = ({ events }: DataViews): Control[] => [
  { title: 'User', field: 'user.name', of: events },
  { title: 'Action', field: 'event.action', of: events },
  { title: 'Entity', field: 'audit.entity.type', of: events },
  { title: 'Category', field: 'audit.category', of: events },
]

export const panel = (
  title: string,
  width: number,
  content: Content,
  more: Partial<Pick<Panel, 'time' | 'leadsTo'>> = {},
): Panel => ({ title, width, content, ...more })

/** A table of events, as wide as the dashboard. */
export const logPanel = (title: string, search: string, width = WHOLE): Panel =>
  panel(title, width, savedSearch(search))
