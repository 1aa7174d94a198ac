/** The sign of Waybill, in the colour of what is around it. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 24 24" aria-hidden="true">
      <rect x="1" y="1" width="22" height="22" rx="5" />
      <path d="M5 7l3.200 10L12 8.500 15.800 17 19 7" />
    </svg>
  )
}
