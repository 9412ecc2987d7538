// Which memories are looked at? The filters in the address, as the server takes them.

import type { Filters, Json } from '../api/types'
import { localDate } from '../text/time'
import { route, setParams } from './route'

export const FIELDS = [
  { name: 'user_id', label: 'User' },
  { name: 'agent_id', label: 'Agent' },
  { name: 'app_id', label: 'App' },
  { name: 'run_id', label: 'Run' },
  { name: 'tags', label: 'Tag' },
  { name: 'primary_sector', label: 'Sector' },
  { name: 'metadata', label: 'Metadata' },
  { name: 'text', label: 'Text' },
  { name: 'since', label: 'Created since' },
  { name: 'until', label: 'Created before' },
] as const

export type FieldName = (typeof FIELDS)[number]['name']

export interface Chip {
  field: FieldName
  value: string
}

export function chips(): Chip[] {
  const { params } = route.value
  return FIELDS.flatMap(({ name }) => params.getAll(name).map((value) => ({ field: name, value })))
}

export function addChip({ field, value }: Chip): void {
  setParams((params) => {
    if (['since', 'until'].includes(field)) params.delete(field)
    if (!params.getAll(field).includes(value)) params.append(field, value)
  })
}

export function removeChip({ field, value }: Chip): void {
  setParams((params) => params.delete(field, value))
}

export function clearChips(): void {
  setParams((params) => {
    for (const { name } of FIELDS) params.delete(name)
  })
}

/** Chips of one field are alternatives; those of different fields hold together. */
export function filters(): Filters {
  const all: Json[] = []
  for (const { name } of FIELDS) {
    const conditions = route.value.params.getAll(name).map((value) => condition(name, value))
    if (conditions.length === 1) all.push(conditions[0] as Json)
    if (conditions.length > 1) all.push({ OR: conditions })
  }
  return all.length === 0 ? {} : { AND: all }
}

function condition(field: FieldName, value: string): Json {
  switch (field) {
    case 'text':
      return { keywords: { icontains: value } }
    case 'since':
      return { created_at: { gte: localDate(value) } }
    case 'until':
      return { created_at: { lt: localDate(value) } }
    case 'metadata': {
      const [path = '', ...rest] = value.split('=')
      const text = rest.join('=')
      return { [`metadata.${path.trim()}`]: rest.length === 0 ? { exists: true } : asJson(text.trim()) }
    }
    default:
      return { [field]: value }
  }
}

/** `true`, `3` and `"3"` as JSON has them; anything else is text. */
function asJson(text: string): Json {
  try {
    const value = JSON.parse(text) as Json
    return typeof value === 'object' ? text : value
  } catch {
    return text
  }
}

/** The past time that is looked at, as the server takes it; none is now. */
export function asOf(): string | undefined {
  const text = route.value.params.get('asOf')
  if (!text) return undefined
  const time = new Date(text)
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString()
}
