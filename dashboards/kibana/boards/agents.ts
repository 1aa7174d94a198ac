import type { Dashboard } from '../dashboard.ts'
import { LEDGER_PARTS } from '../data-views.ts'
import {
  average,
  bars,
  type Column,
  count,
  figure,
  KINDS_OF_LETTER,
  last,
  overTime,
  rows,
  sum,
  table,
  values,
} from '../lens/index.ts'
import { type Given, logPanel, panel, WHOLE } from './board.ts'

const NOT_UNDERSTOOD = 'event.kind: pipeline_error'
const NAMES: Readonly<Record<(typeof LEDGER_PARTS)[number], string>> = {
  stored: 'Stored',
  duplicate: 'Duplicate',
  filtered: 'Filtered',
  dead: 'Dead',
  quarantined: 'Quarantined',
  discarded: 'Discarded',
  pending: 'Pending',
}
/** Records of these parts wait for somebody. */
const BAD: readonly string[] = ['dead', 'quarantined', 'discarded']

export function agents({ views, searches, boards }: Given): Dashboard {
  const from = views.agents
  const { events, deadLetters: letters } = views
  const now = (title: string, value: Column, only?: string) =>
    panel(title, 8, figure(only === undefined ? { from } : { from, only }, value))
  return {
    id: boards.agents,
    title: 'Waybill: agents and loss ledger',
    about:
      'The state of each agent now, and what became of every record that it read. A record that no column explains was lost: the column Unexplained must be 0.',
    from: 'now-7d/d',
    controls: [{ title: 'Agent', field: 'agent.name', of: events }],
    rows: [
      {
        height: 6,
        panels: [
          now('Agents', count('in all')),
          now('Not well', count('agents'), 'not state: (Well or Revoked)'),
          now('Missing', sum('waybills', 'missing')),
          now('Behind', sum('unread', 'lagBytes')),
          panel('Dead letters', 8, figure({ from: letters }, count('events'))),
          panel('Not understood', 8, figure({ from: events, only: NOT_UNDERSTOOD }, count('records'))),
        ],
      },
      { height: 13, panels: [logPanel('Agents now', searches.agents)] },
      {
        height: 18,
        panels: [
          panel(
            `Ledger: Read = ${Object.values(NAMES).join(' + ')}`,
            WHOLE,
            table({ from }, [
              { ...values('Agent', 'name', { top: 1000, others: false }), width: 160 },
              sum('Read', 'ledger.read'),
              ...LEDGER_PARTS.map((part) =>
                sum(NAMES[part], `ledger.${part}`, BAD.includes(part) ? { redFrom: 1 } : {}),
              ),
              sum('Unexplained', 'unexplained', { redFrom: 1 }),
            ]),
          ),
        ],
      },
      {
        height: 18,
        panels: [
          panel(
            'Events by agent: a blank is silence',
            28,
            rows(
              { from: events },
              overTime('Time'),
              values('Agent', 'agent.name', { top: 30, others: false }),
              count('Events'),
            ),
          ),
          panel(
            'Besides the ledger',
            20,
            table({ from }, [
              values('Agent', 'name', { top: 1000, others: false }),
              sum('Skipped', 'ledger.skipped'),
              sum('Truncated', 'ledger.truncated'),
              sum('Errors', 'ledger.errors', { redFrom: 1 }),
              sum('Dropped', 'ledger.dropped', { redFrom: 1 }),
            ]),
          ),
        ],
      },
      {
        height: 13,
        panels: [
          panel(
            'Time from event to store, on average',
            24,
            bars({ from: events }, { along: overTime('Time'), values: [average('Time', 'delay')] }),
          ),
          panel(
            'Dead letters over time',
            24,
            bars(
              { from: letters },
              { along: overTime('Time', 'at'), split: KINDS_OF_LETTER, values: [count('Letters')] },
            ),
          ),
        ],
      },
      {
        height: 18,
        panels: [
          panel(
            'What comes from where',
            WHOLE,
            table({ from: events }, [
              values('Agent', 'agent.name', { top: 30, others: false }),
              values('Host', 'host.name', { top: 20, others: false }),
              values('Source', 'event.module', { top: 20, others: false }),
              count('Events'),
              count('Not understood', { only: NOT_UNDERSTOOD, redFrom: 1 }),
              average('Time until stored', 'delay'),
              last('Last event', '@timestamp'),
              last('Last stored', 'event.ingested'),
            ]),
            { leadsTo: boards['log-viewer'] },
          ),
        ],
      },
      { height: 14, panels: [logPanel('Dead letters', searches.letters)] },
      { height: 16, panels: [logPanel('Agents, settings and operators', searches.own)] },
    ],
  }
}
