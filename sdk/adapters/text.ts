// Which text of a conversation can a store take? Frameworks pass whole prompts, and a store has limits.

/** Characters of a query that a search takes. */
const MAX_QUERY = 8192
/** Characters of a memory's content. */
const MAX_CONTENT = 200_000

/** The end of a text, which a user has said last; undefined if there is nothing to search for. */
export function queryOf(text: string): string | undefined {
  const characters = [...wellFormed(text)]
  const end = characters.length > MAX_QUERY ? characters.slice(-MAX_QUERY).join('') : characters.join('')
  return end.trim() === '' ? undefined : end
}

/** The beginning of a text that is long; undefined if there is nothing to store. */
export function contentOf(text: string): string | undefined {
  const whole = wellFormed(text)
  if (whole.trim() === '') return undefined
  return whole.length <= MAX_CONTENT ? whole : [...whole].slice(0, MAX_CONTENT).join('')
}

/** Half of a surrogate pair, where a text was cut, is not a character. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd')
}
