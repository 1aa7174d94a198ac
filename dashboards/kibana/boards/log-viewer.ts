import type { Dashboard } from '../dashboard.ts'
import { bars, count, OUTCOMES, overTime } from '../lens/index.ts'
import { eventControls, type Given, logPanel, panel, WHOLE } from './board.ts'

export function logViewer({ views, searches, boards }: Given): Dashboard {
  const from = views.events
  return {
    id: boards['log-viewer'],
    title: 'Waybill: log viewer',
    about:
      'Every event, by time, user, action, entity and category; Details leads to its page in the console.',
    from: 'now-7d/d',
    controls: eventControls(views),
    rows: [
      {
        height: 10,
        panels: [
          panel(
            'Events by outcome',
            WHOLE,
            bars({ from }, { along: overTime('Time'), split: OUTCOMES, values: [count('Events')] }),
          ),
        ],
      },
      { height: 30, panels: [logPanel('Events', searches.log)] },
    ],
  }
}
