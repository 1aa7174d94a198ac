import { useEffect, useMemo, useRef, useState } from 'react'
import { type Answer, Problem } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { Dialog } from '../frame/dialog.tsx'
import { Link } from '../frame/link.tsx'
import { go } from '../frame/location.ts'
import { Empty, Refused } from '../frame/states.tsx'
import { Panel, ScreenHead } from '../screens/panel.tsx'
import { useMay } from '../session/session.tsx'
import { Confirm } from '../settings/confirm.tsx'
import { useAct } from '../settings/use-act.ts'
import { counted } from '../time/format.ts'
import { When } from '../time/when.tsx'
import { Backtest } from './backtest.tsx'
import { EventTest } from './event-test.tsx'
import { textOf } from './field.tsx'
import { idFrom } from './id-from.ts'
import { RuleForm } from './rule-form.tsx'
import { valuesIn, withValue } from './rule-text.ts'

export type Saved = Answer<'getRulesId'>
type Check = Answer<'postRulesCheck'>

interface RuleEditorProps {
  /** Null for a new rule. */
  readonly id: string | null
  readonly saved: Saved | null
  /** The text that the editor begins with. */
  readonly first: string
  readonly onSaved?: (saved: Saved) => void
  readonly onRefused?: () => void
}

/** ms without typing before the indexer is asked. */
const SETTLES = 400

/** A form, the YAML that it writes, and what the rule would do. */
export function RuleEditor({ id, saved, first, onSaved, onRefused }: RuleEditorProps) {
  const [text, setText] = useState(first)
  const [enabled, setEnabled] = useState(saved?.rule.enabled ?? true)
  const [newId, setNewId] = useState<string | null>(null)
  const settled = useSettled(text, SETTLES)
  const check = useAsk('postRulesCheck', { body: { text: settled } }, { enabled: settled.trim() !== '' })
  const isChecked = check.data !== undefined && !check.isPlaceholderData && settled === text
  const problems = check.data?.problems ?? []
  const values = useMemo(() => valuesIn(text), [text])
  const mayChange = useMay('rules')
  const act = useAct()
  const isDirty = text !== (saved?.text ?? '') || enabled !== (saved?.rule.enabled ?? true)
  useLeaveGuard(isDirty && saved !== null)
  const yaml = useRef<HTMLTextAreaElement>(null)

  const name = textOf(values?.name) || (id ?? 'New rule')
  const ownId = id ?? newId ?? idFrom(name)
  const save = async (): Promise<void> => {
    const done = await act.run('putRulesId', {
      params: { id: ownId },
      body: { text, enabled, ...(saved !== null && { version: saved.version }) },
    })
    if (done === null) {
      // Somebody else may have changed the rule: then their version is offered.
      onRefused?.()
      return
    }
    if (id === null) go(`/rules/${ownId}`)
    else onSaved?.(done.answer)
  }
  const remove = async (): Promise<void> => {
    if (id === null || saved === null) return
    const done = await act.run('deleteRulesId', { params: { id }, query: { version: saved.version } })
    if (done !== null) go('/rules')
  }

  return (
    <div className="screen">
      <ScreenHead title={id === null ? 'Create alert' : name}>
        <Link to="/rules">All rules</Link>
        {mayChange && saved?.rule.origin === 'console' && (
          <Confirm label="Remove" title={`Remove the rule ${name}?`} onConfirmed={() => void remove()}>
            Its earlier texts stay. If a file of the same name is in the folder of rules, its text counts
            again.
          </Confirm>
        )}
        {mayChange && (
          <button
            type="button"
            className="primary"
            disabled={!isDirty || act.busy || !isChecked || problems.length > 0}
            onClick={() => void save()}
          >
            Save alert
          </button>
        )}
      </ScreenHead>
      <Refused why={act.problem} />
      {saved !== null && <Origin saved={saved} />}
      <div className="rule-editor">
        <Panel title="Form" className="rule-panel">
          {id === null && (
            <label className="field">
              <span>Id</span>
              <input value={ownId} onChange={({ target }) => setNewId(target.value)} />
              <span className="quiet small">as in links and commands; it can’t be changed later</span>
            </label>
          )}
          {values === null ? (
            <Empty title="The form can’t show this text.">
              Correct it as YAML, and the form shows it again.
            </Empty>
          ) : (
            <RuleForm
              values={values}
              enabled={enabled}
              rows={isChecked ? check.data.query : undefined}
              disabled={!mayChange}
              onValue={(key, value) => setText(withValue(text, key, value))}
              onEnabled={setEnabled}
            />
          )}
        </Panel>
        <div className="rule-beside">
          <Panel title="YAML" beside={<Verdict check={check.data} isChecked={isChecked} />}>
            <textarea
              ref={yaml}
              className="code yaml"
              aria-label="YAML of the rule"
              aria-invalid={problems.length > 0}
              spellCheck={false}
              rows={Math.min(30, Math.max(12, text.split('\n').length + 1))}
              value={text}
              readOnly={!mayChange}
              onChange={({ target }) => setText(target.value)}
            />
            <Problems problems={problems} onLine={(line) => selectLine(yaml.current, line)} />
            {check.error !== null && check.error instanceof Problem && <Refused why={check.error.message} />}
            <Examples examples={check.data?.examples ?? []} />
          </Panel>
          <Backtest text={settled} isReady={isChecked && problems.length === 0} />
          <EventTest
            text={settled}
            query={textOf(values?.query)}
            isReady={isChecked && problems.length === 0}
          />
        </div>
      </div>
      {saved !== null && <History saved={saved} onUse={mayChange ? setText : null} />}
    </div>
  )
}

function useSettled(text: string, after: number): string {
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), after)
    return () => clearTimeout(timer)
  }, [text, after])
  return settled
}

/** The browser asks before it leaves a page with unsaved changes. */
function useLeaveGuard(isDirty: boolean): void {
  useEffect(() => {
    if (!isDirty) return
    const guard = (leave: BeforeUnloadEvent): void => leave.preventDefault()
    window.addEventListener('beforeunload', guard)
    return () => window.removeEventListener('beforeunload', guard)
  }, [isDirty])
}

function Origin({ saved: { rule, changed } }: { saved: Saved }) {
  return (
    <p className="quiet">
      {rule.origin === 'file'
        ? 'This rule is a file of the folder of rules. A change here is kept at the indexer, and takes precedence over the file.'
        : 'This rule is kept at the indexer.'}
      {changed !== null && (
        <>
          {' '}
          Last changed by <bdi>{changed.by}</bdi>, <When at={changed.at} relative />.
        </>
      )}
      {rule.problem !== null && <span className="problem"> {rule.problem}</span>}
    </p>
  )
}

function Verdict({ check, isChecked }: { check: Check | undefined; isChecked: boolean }) {
  const wrong = check?.problems.length ?? 0
  return (
    <span role="status" className={`sign ${!isChecked ? '' : wrong > 0 ? 'error' : 'well'}`}>
      {!isChecked ? 'Checking …' : wrong === 0 ? 'Valid' : counted(wrong, 'mistake')}
    </span>
  )
}

function Problems({ problems, onLine }: { problems: Check['problems']; onLine: (line: number) => void }) {
  if (problems.length === 0) return null
  return (
    <ul className="rule-problems" aria-label="Mistakes">
      {problems.map(({ line, sentence }) => (
        <li key={`${line} ${sentence}`}>
          {line !== null && (
            <button type="button" className="plain" onClick={() => onLine(line)}>
              Line {line}
            </button>
          )}{' '}
          <span className="problem">{sentence}</span>
        </li>
      ))}
    </ul>
  )
}

function selectLine(area: HTMLTextAreaElement | null, line: number): void {
  if (area === null) return
  const lines = area.value.split('\n')
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0)
  area.focus()
  area.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0))
}

function Examples({ examples }: { examples: Check['examples'] }) {
  if (examples.length === 0) return <p className="quiet small">The rule has no examples.</p>
  return (
    <ul className="rule-examples" aria-label="Examples">
      {examples.map(({ is, expected, found }) => (
        <li key={is}>
          <span className={`sign ${expected === found ? 'well' : 'error'}`}>
            {expected === found ? 'as expected' : `expected ${expected}, found ${found}`}
          </span>{' '}
          <bdi>{is}</bdi>
        </li>
      ))}
    </ul>
  )
}

function History({ saved, onUse }: { saved: Saved; onUse: ((text: string) => void) | null }) {
  const [shown, setShown] = useState<Saved['changes'][number] | null>(null)
  const query = `audit.entity.type: "alert-rule" and audit.entity.id: "${saved.rule.id}"`
  return (
    <Panel
      title="History"
      beside={
        <Link to={`/events?${new URLSearchParams({ q: query, range: 'all' })}`}>In the audit trail</Link>
      }
    >
      {saved.changes.length === 0 ? (
        <p className="quiet">There are no earlier texts.</p>
      ) : (
        <ul className="rows">
          {saved.changes.map((one) => (
            <li key={`${one.at} ${one.text}`}>
              <When at={one.at} />
              <bdi className="quiet">{one.by}</bdi>
              <button type="button" className="plain" onClick={() => setShown(one)}>
                Show the text
              </button>
            </li>
          ))}
        </ul>
      )}
      {shown !== null && (
        <Dialog title="An earlier text" wide onClose={() => setShown(null)}>
          <pre className="rule-earlier">{shown.text}</pre>
          <div className="buttons">
            {onUse !== null && (
              <button
                type="button"
                onClick={() => {
                  onUse(shown.text)
                  setShown(null)
                }}
              >
                Use this text
              </button>
            )}
          </div>
        </Dialog>
      )}
    </Panel>
  )
}
