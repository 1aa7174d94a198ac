import { type KeyboardEvent, useId, useState } from 'react'
import { useAsk } from '../api/use-ask.ts'

interface ValuesFieldProps {
  readonly label: string
  /** The field whose values are completed. */
  readonly of: string
  readonly hint: string
  readonly values: readonly string[]
  readonly onValues: (values: readonly string[]) => void
}

/** Several values of a field, completed as they are typed: Enter adds one, and so does leaving the field. */
export function ValuesField({ label, of, hint, values, onValues }: ValuesFieldProps) {
  const [typed, setTyped] = useState('')
  const [isOpen, setOpen] = useState(false)
  const id = useId()
  const { data } = useAsk(
    'getFieldsNameValues',
    { params: { name: of }, query: { prefix: typed, top: '20' } },
    { enabled: isOpen },
  )
  const add = (value: string): void => {
    // Several at once are separated by commas, as on the command line.
    const added = value
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== '' && !values.includes(one))
    if (added.length > 0) onValues([...values, ...new Set(added)])
    setTyped('')
  }
  const onKey = (key: KeyboardEvent): void => {
    if (key.key === 'Backspace' && typed === '' && values.length > 0) onValues(values.slice(0, -1))
    if (key.key !== 'Enter' || typed.trim() === '') return
    key.preventDefault()
    add(typed)
  }
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="values-field">
        {values.map((value) => (
          <span key={value} className="chip">
            <bdi>{value}</bdi>
            <button
              type="button"
              aria-label={`Remove ${value}`}
              onClick={() => onValues(values.filter((one) => one !== value))}
            >
              ✕
            </button>
          </span>
        ))}
        <input
          id={id}
          list={`${id}-values`}
          autoComplete="off"
          placeholder={values.length === 0 ? 'all' : ''}
          aria-describedby={`${id}-hint`}
          value={typed}
          onFocus={() => setOpen(true)}
          onBlur={() => add(typed)}
          onKeyDown={onKey}
          onChange={({ target, nativeEvent }) => {
            // A value that was chosen from the list comes whole, without a key.
            const isChosen =
              nativeEvent instanceof InputEvent
                ? nativeEvent.inputType === 'insertReplacementText'
                : target.value !== ''
            if (isChosen) add(target.value)
            else setTyped(target.value)
          }}
        />
        <datalist id={`${id}-values`}>
          {(data?.values ?? [])
            .filter(({ value }) => !values.includes(String(value)))
            .map(({ value }) => (
              <option key={value} value={value} />
            ))}
        </datalist>
      </div>
      <span id={`${id}-hint`} className="quiet small">
        {hint}
      </span>
    </div>
  )
}
