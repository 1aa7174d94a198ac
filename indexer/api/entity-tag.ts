import { Refusal } from '../refusal.ts'

/** Entity tags, as RFC 9110 has them. Ours are strong: the version of what is answered. */
export const entityTag = (version: string): string => `"${version}"`

/** Whether what the asker has (`If-None-Match`) is this version; comparing weakly, as the RFC asks. */
export function isKnown(header: string | undefined, version: string): boolean {
  if (header === undefined) return false
  return tagsIn(header).some((tag) => tag === '*' || tag.replace(/^W\//, '') === entityTag(version))
}

/** What the asker's `If-Match` allows to be changed. Comparing strongly; a change that doesn't say what it changes is refused. */
export function changeable(header: string | undefined): (version: string) => boolean {
  if (header === undefined) {
    throw new Refusal(
      428,
      'precondition-required',
      'If-Match is missing: say with it which version you change, as ETag has it.',
    )
  }
  const tags = tagsIn(header)
  return (version) => tags.some((tag) => tag === '*' || tag === entityTag(version))
}

const tagsIn = (header: string): string[] => header.match(/\*|(?:W\/)?"[^"]*"/g) ?? []
