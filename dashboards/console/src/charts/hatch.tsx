/** The pattern of failures: not everybody sees their colour. */
export function Hatch({ id, size = 5 }: { readonly id: string; readonly size?: number }) {
  return (
    <pattern id={id} width={size} height={size} patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <rect className="hatch-ground" width={size} height={size} />
      <rect className="hatch-line" width={size * 0.3} height={size} />
    </pattern>
  )
}
