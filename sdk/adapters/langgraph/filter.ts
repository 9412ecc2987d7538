// What does a filter of LangGraph mean? Fields of the value, each with a value to equal or with operators.

import type { Filters, JsonValue, Operators } from '../../../index'
import { invalid } from '../../errors'

const COMPARISONS: Record<string, keyof Operators<JsonValue>> = {
  ...{ $gt: 'gt', $gte: 'gte', $lt: 'lt', $lte: 'lte', $in: 'in', $nin: 'nin', $exists: 'exists' },
}

export function filtersOf(filter: Record<string, unknown> | undefined): Filters[] {
  return Object.entries(filter ?? {}).flatMap(([field, condition]) => {
    const path = `metadata.value.${field}` as const
    if (!isOperators(condition)) return [equal(path, condition)]
    return Object.entries(condition).map(([operator, value]): Filters => {
      if (operator === '$eq') return equal(path, value)
      if (operator === '$ne') return { NOT: equal(path, value) }
      const own = COMPARISONS[operator]
      if (own === undefined) throw invalid(`filter.${field}`, `has the unknown operator ${operator}`)
      return { [path]: { [own]: value as JsonValue } }
    })
  })
}

function equal(path: `metadata.${string}`, value: unknown): Filters {
  if (value === null || value === undefined) return { [path]: { eq: null } }
  // In a list, because only there '*' is a text like any other.
  return { [path]: typeof value === 'object' ? { eq: value as JsonValue } : { in: [value as JsonValue] } }
}

function isOperators(condition: unknown): condition is Record<string, unknown> {
  if (typeof condition !== 'object' || condition === null || Array.isArray(condition)) return false
  return Object.keys(condition).some((key) => key.startsWith('$'))
}
