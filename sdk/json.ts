// Would JSON text hold this value without loss? `JSON.stringify` drops or changes what it cannot represent (Dates, Maps,
// NaN, lone surrogates, …); here such a value is refused with its path instead.

import type { ErrorCode } from '../index'
import { invalid } from './errors'

interface Problem {
  path: string
  problem: string
  code?: ErrorCode
  /** Of a circle: where it begins. */
  circle?: object
}

// Deeper than the engine's own limit of 32, which it reports with the right field; this one only bounds the stack.
const DEEPEST = 64

const loneSurrogate = /\p{Surrogate}/u

/** @throws {ValidationError} naming the path below `field`. A Date is fine where `dates` says so. */
export function assertLossless(value: unknown, field: string, dates = false): void {
  const found = examine(value, [], dates)
  if (found) throw invalid(join(field, found.path), found.problem, found.code)
}

/** A plain object of any realm: Jest runs tests in a realm of their own. */
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
      return loneSurrogate.test(value) ? refused('holds a lone surrogate, which is not well-formed Unicode') : undefined
    case 'number':
      return Number.isFinite(value) ? undefined : refused(`is ${value}, which JSON does not have`)
    case 'boolean':
      return undefined
    case 'object':
      break
    default:
      return refused(`is ${withArticle(typeof value)}, which JSON does not have`)
  }
  if (value === null) return undefined
  if (dates && isDate(value)) return Number.isNaN(value.getTime()) ? refused('is an invalid Date') : undefined
  if (ancestors.includes(value)) return { ...refused('is circular'), circle: value }
  if (ancestors.length >= DEEPEST) {
    return { path: '', problem: `is nested more than ${DEEPEST} levels deep`, code: 'LIMIT_EXCEEDED' }
  }
  ancestors.push(value)
  const found = Array.isArray(value) ? inArray(value, ancestors, dates) : inObject(value, ancestors, dates)
  ancestors.pop()
  return found?.circle === value ? refused(`is circular: it holds itself as ${found.path}`) : found
}

function inArray(array: unknown[], ancestors: object[], dates: boolean): Problem | undefined {
  for (let index = 0; index < array.length; index++) {
    const found = examine(array[index], ancestors, dates)
    if (found) return { ...found, path: join(`[${index}]`, found.path) }
  }
  return undefined
}

function inObject(object: object, ancestors: object[], dates: boolean): Problem | undefined {
  if (!isPlainObject(object)) return refused(`is ${withArticle(className(object))}, not plain data`)
  for (const key of Object.keys(object)) {
    const value = object[key]
    if (value === undefined) continue
    if (loneSurrogate.test(key)) return refused('has a key with a lone surrogate, which is not well-formed Unicode')
    const found = examine(value, ancestors, dates)
    if (found) return { ...found, path: join(key, found.path) }
  }
  if (Object.getOwnPropertySymbols(object).length > 0) return refused('has a symbol as a key, which JSON does not have')
  return undefined
}

function refused(problem: string): Problem {
  return { path: '', problem }
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
