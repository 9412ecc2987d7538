// Metadata is JSON: what JSON would drop or change is refused with its path, the rest comes back equal.

import { createContext, runInContext } from 'node:vm'
import { expect, test } from '@jest/globals'
import type { ValidationError } from '@openmemory/sdk'
import { refusal } from './helpers/refusal'
import { openStore } from './helpers/store'

class Point {
  x = 1
}
const refused: [string, unknown, string][] = [
  ['a Date', { when: new Date() }, 'metadata.when'],
  ['a Map', { a: { map: new Map() } }, 'metadata.a.map'],
  ['a Set', { set: new Set() }, 'metadata.set'],
  ['a class instance', { list: [0, new Point()] }, 'metadata.list[1]'],
  ['a typed array', { bytes: new Uint8Array(2) }, 'metadata.bytes'],
  ['a boxed string', { s: new String('x') }, 'metadata.s'],
  ['a function', { f: () => 1 }, 'metadata.f'],
  ['a toJSON method', { o: { toJSON: () => 1 } }, 'metadata.o.toJSON'],
  ['a symbol', { s: Symbol('s') }, 'metadata.s'],
  ['a symbol as a key', { o: { [Symbol('s')]: 1 } }, 'metadata.o'],
  ['a BigInt', { n: 1n }, 'metadata.n'],
  ['NaN', { n: Number.NaN }, 'metadata.n'],
  ['Infinity', { n: [Number.NEGATIVE_INFINITY] }, 'metadata.n[0]'],
  ['undefined in an array', { list: [1, undefined] }, 'metadata.list[1]'],
  ['a hole in an array', { list: new Array(1) }, 'metadata.list[0]'],
]

test.each(refused)('%s is refused with its path', async (_, metadata, field) => {
  const om = openStore()
  const adding = await refusal<ValidationError>(om.addMemory({ content: 'x', metadata: metadata as never }))
  expect(adding).toMatchObject({ code: 'INVALID_ARGUMENT', field })
  const { id } = await om.addMemory({ content: 'x' })
  const updating = await refusal<ValidationError>(om.updateMemory(id, { metadata: metadata as never }))
  expect(updating).toMatchObject({ code: 'INVALID_ARGUMENT', field })
})

function circle<T extends object>(object: T, close: (object: T) => void): T {
  close(object)
  return object
}

const circular: [string, unknown, string][] = [
  ['metadata.o', { o: circle({} as { o: unknown }, (o) => (o.o = o)) }, 'o'],
  ['metadata.a.list[1]', { a: { list: [0, circle({ b: [{}] as object[] }, (o) => o.b.push(o))] } }, 'b[1]'],
  ['metadata', circle({} as { self: unknown }, (o) => (o.self = o)), 'self'],
]

test.each(circular)(
  'a circular reference is rejected with the path where it begins: %s',
  async (field, metadata, again) => {
    const om = openStore()
    const { id } = await om.addMemory({ content: 'x' })
    const [added] = await om.addMemories([{ content: 'x', metadata: metadata as never }])
    const errors = [
      await refusal(om.addMemory({ content: 'x', metadata: metadata as never })),
      await refusal(om.updateMemory(id, { metadata: metadata as never })),
      added?.ok === false ? added.error : undefined,
    ]
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', field })
      expect(error?.message).toBe(`${field} is circular: it contains itself as ${again}`)
    }
  },
)

test('JSON values round-trip', async () => {
  const om = openStore()
  const shared = { twice: true }
  const metadata = {
    ...{ text: '', zero: 0, small: 5e-324, third: 1 / 3, tenth: 0.1 + 0.2, negative: -1.5e-300 },
    ...{ most: 2 ** 53 - 1, yes: true, no: false, empty: {}, list: [1, 'two', null, [[]]], one: shared, two: shared },
    ...{ '': 'empty key', 'a.b': 'dotted', ' ': 'blank' },
  }
  const { id } = await om.addMemory({ content: 'x', metadata })
  const read = await om.getMemory(id)
  expect(read.metadata).toEqual(metadata)
  expect(Object.keys(read.metadata)).toEqual(Object.keys(metadata))
})

test('plain objects without a prototype, or of another realm, are plain data', async () => {
  const om = openStore()
  const bare = Object.assign(Object.create(null), { x: 1 })
  const foreign = runInContext('({ list: [{ y: 2 }] })', createContext())
  const memory = await om.addMemory({ content: 'x', metadata: { bare, foreign } })
  expect(memory.metadata).toEqual({ bare: { x: 1 }, foreign: { list: [{ y: 2 }] } })
})
