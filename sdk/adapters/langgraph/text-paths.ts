// Which texts are at a path of a value? `title`, `author.name`, `chapters[0].text`, `chapters[-1]`, `notes[*].body`, `*.name`
// and `meta.{title,year}`, as in LangGraph's `index.fields`; `$` is the whole value.

export function textsAt(value: unknown, path: string): string[] {
  return path === '$' || path === '' ? [JSON.stringify(value)] : follow(value, stepsOf(path))
}

/** Names, and what is in brackets or braces, with them. */
function stepsOf(path: string): string[] {
  return path.match(/\[[^\]]*\]|\{[^}]*\}|[^.[\]{}]+/g) ?? []
}

function follow(value: unknown, [step, ...rest]: string[]): string[] {
  if (step === undefined) return textOf(value)
  if (step.startsWith('{')) {
    const fields = step.slice(1, -1).split(',')
    return fields.flatMap((field) => follow(value, [...stepsOf(field.trim()), ...rest]))
  }
  return childrenOf(value, step).flatMap((child) => follow(child, rest))
}

function childrenOf(value: unknown, step: string): unknown[] {
  if (typeof value !== 'object' || value === null) return []
  if (step === '*') return Object.values(value)
  if (!step.startsWith('[')) return Object.hasOwn(value, step) ? [(value as Record<string, unknown>)[step]] : []
  if (!Array.isArray(value)) return []
  const index = step.slice(1, -1)
  return index === '*' ? value : [value.at(Number.parseInt(index, 10))]
}

function textOf(value: unknown): string[] {
  if (value === null || value === undefined) return []
  return [typeof value === 'object' ? JSON.stringify(value) : String(value)]
}
