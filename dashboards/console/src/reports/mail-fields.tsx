import { Check, Group } from './fields.tsx'

interface MailFieldsProps {
  /** The address; null: no mail. */
  readonly mail: string | null
  readonly onMail: (mail: string | null) => void
}

/** A mail when it is ready, for what takes long. */
export function MailFields({ mail, onMail }: MailFieldsProps) {
  return (
    <Group label="When ready">
      <Check
        label="Mail me"
        isChecked={mail !== null}
        onChecked={(isChecked) => onMail(isChecked ? '' : null)}
      />
      {mail !== null && (
        <input
          type="email"
          required
          aria-label="Mail address"
          placeholder="name@company.example"
          autoComplete="email"
          value={mail}
          onChange={({ target }) => onMail(target.value)}
        />
      )}
    </Group>
  )
}
