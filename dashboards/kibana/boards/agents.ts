import type { Dashboard } from '../dashboard.ts'
import {
  bars,
  count,
  distinct,
  figure,
  greatest,
  last,
  least,
  overTime,
  sum,
  table,
  values,
} from '../lens/index.ts'
import { type Given, logPanel, panel, WHOLE } from './board.ts'

export function agents({ views, searches, boards }: Given): Dashboard {
  const from = views.waybills
  const events = views.events
  const letters = views.deadLetters
  return {
    id: boards.agents,
    title: 'Waybill: agents and loss ledger',
    about:
      'What each agent sent. Where the waybills stored are fewer than the numbers from first to last, some are still to come, or missing.',
    from: 'now-7d/d',
    controls: [{ title: 'Agent', field: 'agent', of: from }],
    rows: [
      {
        height: 6,
        panels: [
          panel('Agents', 8, figure({ from }, distinct('Agents', 'agent'))),
          panel('Waybills', 8, figure({ from }, count('Waybills'))),
          panel('Events', 8, figure({ from }, sum('Events', 'events'))),
          panel('Dead letters', 8, figure({ from: letters }, count('Letters'))),
          panel(
            'Not understood',
            8,
            figure({ from: events, only: 'event.kind: pipeline_error' }, count('Records')),
          ),
          panel('Truncated', 8, figure({ from: events, only: 'audit.truncated.bytes: *' }, count('Records'))),
        ],
      },
      {
        height: 10,
        panels: [
          panel(
            'Waybills by agent and incarnation',
            WHOLE,
            table({ from }, [
              values('Agent', 'agent', { top: 100 }),
              values('Incarnation', 'incarnation', { top: 20 }),
              count('Stored'),
              least('First number', 'sequence'),
              greatest('Last number', 'sequence'),
              sum('Events', 'events'),
              sum('Uncompressed', 'bytes'),
              last('Last came', 'at'),
            ]),
          ),
        ],
      },
      {
        height: 13,
        panels: [
          panel(
            'Events by agent',
            24,
            bars(
              { from },
              {
                along: overTime('Time', 'at'),
                split: values('Agent', 'agent'),
                values: [sum('Events', 'events')],
              },
            ),
          ),
          panel(
            'Dead letters over time',
            24,
            bars(
              { from: letters },
              {
                along: overTime('Time', 'at'),
                split: values('Kind', 'kind'),
                values: [count('Letters')],
              },
            ),
          ),
        ],
      },
      {
        height: 13,
        panels: [
          panel(
            'What comes from where',
            WHOLE,
            table({ from: events }, [
              values('Agent', 'agent.name', { top: 30 }),
              values('Host', 'host.name', { top: 20 }),
              values('Source', 'event.module', { top: 20 }),
              count('Events'),
              count('Not understood', { only: 'event.kind: pipeline_error' }),
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
