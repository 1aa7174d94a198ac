import type { Answer } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { Link } from '../frame/link.tsx'
import { Failed, Loading } from '../frame/states.tsx'

type Explained = Answer<'postRulesExplain'>['rules'][number]

/** Why rules match an event, and which conditions it does not meet: all rules, or one that is being written. */
export function Explanation({ event, text }: { readonly event: string; readonly text?: string }) {
  const { data, error, isPending } = useAsk('postRulesExplain', {
    body: { event, ...(text !== undefined && { text }) },
  })
  if (isPending) return <Loading rows={3} />
  if (data === undefined) return <Failed problem={error} />
  const [only] = data.rules
  if (text !== undefined && only !== undefined) return <Reasons rule={only} />
  const matching = data.rules.filter(({ matches }) => matches)
  const others = data.rules.filter(({ matches }) => !matches)
  return (
    <div className="explained">
      {matching.length === 0 && <p>No rule’s query finds this event.</p>}
      {matching.map((rule) => (
        <One key={rule.id} rule={rule} open />
      ))}
      {others.map((rule) => (
        <One key={rule.id} rule={rule} />
      ))}
    </div>
  )
}

function One({ rule, open = false }: { rule: Explained; open?: boolean }) {
  return (
    <details open={open}>
      <summary>
        <span className={`sign ${rule.matches ? 'well' : ''}`}>{rule.matches ? 'matches' : 'no match'}</span>{' '}
        <bdi>{rule.name}</bdi>
        {!rule.enabled && <span className="quiet"> off</span>}
      </summary>
      <Reasons rule={rule} />
      <Link to={`/rules/${rule.id}`}>Open the rule</Link>
    </details>
  )
}

function Reasons({ rule: { matches, steps, group, condition, fires } }: { rule: Explained }) {
  const by = Object.entries(group ?? {}).map(([field, value]) => `${field} ${value}`)
  return (
    <div className="reasons">
      <ul>
        {steps.map(({ depth, is, met, found }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the steps are a text that stays as it is.
          <li key={index} className={met ? 'met' : 'unmet'} style={{ marginInlineStart: 18 * depth }}>
            <span className="unseen">{met ? 'met' : 'not met'}: </span>
            <code>{is}</code>
            {!met && isCondition(is) && (
              <span className="quiet">
                {' '}
                the event has <bdi>{found.length === 0 ? 'nothing there' : found.join(', ')}</bdi>
              </span>
            )}
          </li>
        ))}
      </ul>
      {matches && (
        <p>
          Condition <code>{condition}</code>
          {by.length > 0 && (
            <>
              , for <bdi>{by.join(', ')}</bdi>
            </>
          )}
          {group === null && '. The event lacks a field of group-by, so the rule skips it.'}
        </p>
      )}
      {fires !== null && (
        <p>
          <span className={`sign ${fires ? 'warning' : ''}`}>
            {fires ? 'The rule fires with this event.' : 'The rule does not fire with this event.'}
          </span>
        </p>
      )}
    </div>
  )
}

const isCondition = (is: string): boolean => is !== 'all of' && is !== 'any of' && is !== 'not'
