import { Check, Group } from './fields.tsx'

interface MailFieldsProps {
  /** The address; empty: that of the user. Null: no mail. */
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
          aria-label="Mail address"
          placeholder="your own address"
          autoComplete="email"
          value={mail}
          onChange={({ target }) => onMail(target.value)}
        />
      )}
    </Group>
  )
}

/** The same in the form of the API. */
export const mailOf = (mail: string | null): { mail: boolean; mailTo?: string } => ({
  mail: mail !== null,
  ...(mail !== null && mail.trim() !== '' && { mailTo: mail.trim() }),
})
