// What does a filter of Mastra mean? Fields of the metadata, each with a value to equal or with operators, and their combinations.

import type { Filters, JsonValue, Operators } from '../../../index'
import { invalid } from '../../errors'

type Condition = Record<string, unknown>

const COMPARISONS: Record<string, keyof Operators<JsonValue>> = {
  ...{
    $gt: 'gt',
    $gte: 'gte',
    $lt: 'lt',
    $lte: 'lte',
    $in: 'in',
    $nin: 'nin',
    $exists: 'exists',
    $contains: 'contains',
  },
}
/** Operators that take a list. */
const LISTS = ['$in', '$nin', '$all']
/** Matches nothing. */
const NONE: Filters = { memory_ids: [] }

export function filtersOf(filter: unknown, field = 'filter'): Filters[] {
  return Object.entries(conditionOf(filter, field)).flatMap(([name, value]): Filters[] => {
    const path = `${field}.${name}`
    switch (name) {
      case '$and':
        return listOf(value, path).flatMap((one, at) => filtersOf(one, `${path}[${at}]`))
      case '$or':
        return [any(listOf(value, path).map((one, at) => ({ AND: filtersOf(one, `${path}[${at}]`) })))]
      case '$nor':
        return [{ NOT: any(listOf(value, path).map((one, at) => ({ AND: filtersOf(one, `${path}[${at}]`) }))) }]
      case '$not':
        return [{ NOT: { AND: negated(value, path, (inner) => filtersOf(inner, path)) } }]
    }
    if (name.startsWith('$')) throw invalid(path, 'is an operator that needs a field, or is unknown')
    return fieldFilters(`metadata.values.${name}`, value, path)
  })
}

function fieldFilters(stored: `metadata.${string}`, value: unknown, path: string): Filters[] {
  if (!isOperators(value)) return [equal(stored, value)]
  return Object.entries(value).flatMap(([operator, operand]): Filters[] => {
    const at = `${path}.${operator}`
    if (LISTS.includes(operator)) listOf(operand, at)
    if (operator === '$eq') return [equal(stored, operand)]
    if (operator === '$ne') return [{ NOT: equal(stored, operand) }]
    if (operator === '$not') {
      const opposite = { NOT: { AND: negated(operand, at, (inner) => fieldFilters(stored, inner, at)) } }
      // As Mastra's tests have it: an absent field matches neither a comparison nor its opposite.
      return [opposite, ...(Object.hasOwn(operand as object, '$exists') ? [] : [{ [stored]: { exists: true } }])]
    }
    if (operator === '$all') {
      const all = operand as JsonValue[]
      return all.length === 0 ? [NONE] : all.map((one) => ({ [stored]: { contains: jsonOf(one) as string } }))
    }
    if (operator === '$in' && (operand as unknown[]).length === 0) return [NONE]
    if (operator === '$nin' && (operand as unknown[]).length === 0) return []
    const own = COMPARISONS[operator]
    if (own === undefined) throw invalid(at, 'is an unsupported operator')
    if (['$gt', '$gte', '$lt', '$lte'].includes(operator) && !isComparable(operand)) {
      throw invalid(at, 'must be a number, a text or a date')
    }
    return [{ [stored]: { [own]: jsonOf(operand) } }]
  })
}

function equal(path: `metadata.${string}`, value: unknown): Filters {
  const json = jsonOf(value)
  if (json === null) return { [path]: { eq: null } }
  // In a list, because only there '*' is a text like any other.
  return { [path]: typeof json === 'object' ? { eq: json } : { in: [json] } }
}

function any(options: Filters[]): Filters {
  return options.length === 0 ? NONE : { OR: options }
}

function negated(value: unknown, path: string, filters: (inner: Condition) => Filters[]): Filters[] {
  const inner = conditionOf(value, path)
  if (Object.keys(inner).length === 0) throw invalid(path, '$not operator cannot be empty')
  return filters(inner)
}

function conditionOf(filter: unknown, path: string): Condition {
  if (filter === undefined || filter === null) return {}
  if (typeof filter === 'object' && !Array.isArray(filter)) return filter as Condition
  throw invalid(path, 'must be an object')
}

function listOf(value: unknown, path: string): unknown[] {
  if (Array.isArray(value)) return value
  throw invalid(path, 'must be an array')
}

function isOperators(value: unknown): value is Condition {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.keys(value).some((key) => key.startsWith('$'))
}

function isComparable(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'string' || value instanceof Date
}

function jsonOf(value: unknown): JsonValue {
  return value === undefined ? null : JSON.parse(JSON.stringify(value))
}
