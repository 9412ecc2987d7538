// Can JSON represent this value without loss? `JSON.stringify` drops or changes what it cannot represent (Dates, Maps, NaN,
// lone surrogates, …); such a value is rejected here, with its path.

import type { ErrorCode } from '../../index'
import { invalid } from '../errors'

interface Problem {
  path: string
  problem: string
  code?: ErrorCode
  /** For a circular reference: the object that it leads back to. */
  circle?: object
}

// Deeper than the engine's own limit of 32, which it reports with the field concerned; this one only bounds the stack.
const MAX_DEPTH = 64

const loneSurrogate = /\p{Surrogate}/u

/** @throws {ValidationError} naming the path below `field`. Dates are accepted if `dates` is set. */
export function assertLossless(value: unknown, field: string, dates = false): void {
  const found = examine(value, [], dates)
  if (found) throw invalid(join(field, found.path), found.problem, found.code)
}

/** A plain object of any realm: Jest runs tests in a separate realm. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || tag(value) !== '[object Object]') return false
  const prototype = Object.getPrototypeOf(value)
  if (prototype === null || prototype === Object.prototype) return true
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf')
}

export function isDate(value: unknown): value is Date {
  return tag(value) === '[object Date]'
}

function examine(value: unknown, ancestors: object[], dates: boolean): Problem | undefined {
  switch (typeof value) {
    case 'string':
      return loneSurrogate.test(value)
        ? problem('contains a lone surrogate, which is not well-formed Unicode')
        : undefined
    case 'number':
      return Number.isFinite(value) ? undefined : problem(`is ${value}, which JSON does not have`)
    case 'boolean':
      return undefined
    case 'object':
      break
    default:
      return problem(`is ${withArticle(typeof value)}, which JSON does not have`)
  }
  if (value === null) return undefined
  if (dates && isDate(value)) return Number.isNaN(value.getTime()) ? problem('is an invalid Date') : undefined
  if (ancestors.includes(value)) return { ...problem('is circular'), circle: value }
  if (ancestors.length >= MAX_DEPTH) {
    return { path: '', problem: `is nested more than ${MAX_DEPTH} levels deep`, code: 'LIMIT_EXCEEDED' }
  }
  ancestors.push(value)
  const found = Array.isArray(value) ? inArray(value, ancestors, dates) : inObject(value, ancestors, dates)
  ancestors.pop()
  return found?.circle === value ? problem(`is circular: it contains itself as ${found.path}`) : found
}

function inArray(array: unknown[], ancestors: object[], dates: boolean): Problem | undefined {
  for (let index = 0; index < array.length; index++) {
    const found = examine(array[index], ancestors, dates)
    if (found) return { ...found, path: join(`[${index}]`, found.path) }
  }
  return undefined
}

function inObject(object: object, ancestors: object[], dates: boolean): Problem | undefined {
  if (!isPlainObject(object)) return problem(`is ${withArticle(className(object))}, not plain data`)
  for (const key of Object.keys(object)) {
    const value = object[key]
    if (value === undefined) continue
    if (loneSurrogate.test(key)) return problem('has a key with a lone surrogate, which is not well-formed Unicode')
    const found = examine(value, ancestors, dates)
    if (found) return { ...found, path: join(key, found.path) }
  }
  if (Object.getOwnPropertySymbols(object).length > 0) return problem('has a symbol as a key, which JSON does not have')
  return undefined
}

function problem(text: string): Problem {
  return { path: '', problem: text }
}

function join(parent: string, path: string): string {
  if (parent === '' || path === '') return parent + path
  return path.startsWith('[') ? parent + path : `${parent}.${path}`
}

function tag(value: unknown): string {
  return Object.prototype.toString.call(value)
}

function className(object: object): string {
  const named = tag(object).slice('[object '.length, -1)
  return named === 'Object' ? object.constructor?.name || 'object with a prototype' : named
}

function withArticle(noun: string): string {
  return noun === 'undefined' ? noun : `${/^[aeiou]/i.test(noun) ? 'an' : 'a'} ${noun}`
}
