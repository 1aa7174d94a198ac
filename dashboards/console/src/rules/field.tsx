import type { ReactNode } from 'react'

/** A value of the YAML as the text of an input. */
export const textOf = (value: unknown): string =>
  value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value)

/** A control with its name, and a hint below it. */
export function Field({ label, hint, children }: { label: string; hint?: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is among the children.
    <label className="field">
      <span>{label}</span>
      {children}
      {hint !== undefined && <span className="quiet small">{hint}</span>}
    </label>
  )
}
