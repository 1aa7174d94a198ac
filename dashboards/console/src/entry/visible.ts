/** Control characters and marks of direction as signs: what would hide or reorder text does neither. */
export function visible(line: string): string {
  return line
    .replaceAll(/[\u0000-\u0008\u000b-\u001f]/g, (mark) => String.fromCodePoint(0x2400 + mark.charCodeAt(0)))
    .replaceAll('\u007f', '\u2421')
    .replaceAll(
      /[\u0080-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g,
      (mark) => `‹U+${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}›`,
    )
}
