// How does JSON hold bytes? As an object of one field, `$bytes`, in base64. An object that looks like one gets a further `$`.

const ENCODED = /^\$+bytes$/

/** What JSON brings back as it was, with {@link withBytes}. */
export function withoutBytes(value: unknown): string | undefined {
  return JSON.stringify(value, function (this: Record<string, unknown>, name, given) {
    // A Buffer describes itself before a replacer sees it.
    const raw = this[name]
    if (raw instanceof Uint8Array) return { $bytes: base64(raw) }
    const field = onlyField(given)
    return field === undefined ? given : { [`$${field}`]: given[field] }
  })
}

export function withBytes(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withBytes)
  const field = onlyField(value)
  const fields = value as Record<string, unknown>
  if (field === '$bytes') return bytes(fields.$bytes as string)
  if (field !== undefined) return { [field.slice(1)]: withBytes(fields[field]) }
  return Object.fromEntries(Object.entries(fields).map(([name, inner]) => [name, withBytes(inner)]))
}

export function base64(given: Uint8Array): string {
  const characters = Array.from(given, (byte) => String.fromCharCode(byte))
  return btoa(characters.join(''))
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}

/** The name of the only field, if it says that bytes follow. */
function onlyField(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const [name, ...more] = Object.keys(value)
  return name !== undefined && more.length === 0 && ENCODED.test(name) ? name : undefined
}
