// Every update that is refused: the code, the field, and that nothing has changed.

import { beforeEach, expect, test } from '@jest/globals'
import { type Memory, NotFoundError, type OpenMemory, ValidationError } from '@openmemory/sdk'
import { refusal } from './helpers/refusal'
import { openStore } from './helpers/store'

let om: OpenMemory
let memory: Memory

beforeEach(async () => {
  om = openStore()
  memory = await om.addMemory({ content: 'Rust 1.0 was released in 2015', tags: ['rust'], metadata: { kept: true } })
})

async function expectNothingChanged() {
  expect(await om.getMemory(memory.id)).toEqual({ ...memory, salience: expect.any(Number) })
  expect(await om.getHistory(memory.id)).toHaveLength(1)
}

const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) })

const refused: [string, unknown, string, string | undefined][] = [
  ['an empty patch', {}, 'INVALID_ARGUMENT', undefined],
  ['a patch of undefined only', { content: undefined }, 'INVALID_ARGUMENT', undefined],
  ['an unknown field', { contents: 'x' }, 'INVALID_ARGUMENT', 'contents'],
  ['an unknown field next to a valid one', { tags: [], version: 9 }, 'INVALID_ARGUMENT', 'version'],
  ['a scope', { user_id: 'bob' }, 'INVALID_ARGUMENT', 'user_id'],
  ['content null', { content: null }, 'INVALID_ARGUMENT', 'content'],
  ['content of another type', { content: 7 }, 'INVALID_ARGUMENT', 'content'],
  ['empty content', { content: '' }, 'INVALID_ARGUMENT', 'content'],
  ['blank content', { content: ' \n\t' }, 'INVALID_ARGUMENT', 'content'],
  ['content of 200 001 characters', { content: 'x'.repeat(200_001) }, 'LIMIT_EXCEEDED', 'content'],
  ['tags null', { tags: null }, 'INVALID_ARGUMENT', 'tags'],
  ['tags as text', { tags: 'rust' }, 'INVALID_ARGUMENT', 'tags'],
  ['65 tags', { tags: Array.from({ length: 65 }, (_, n) => `t${n}`) }, 'LIMIT_EXCEEDED', 'tags'],
  ['an empty tag', { tags: ['a', ''] }, 'INVALID_ARGUMENT', 'tags[1]'],
  ['a tag of 257 characters', { tags: ['t'.repeat(257)] }, 'LIMIT_EXCEEDED', 'tags[0]'],
  ['a tag of another type', { tags: ['a', 1] }, 'INVALID_ARGUMENT', 'tags[1]'],
  ['metadata null', { metadata: null }, 'INVALID_ARGUMENT', 'metadata'],
  ['metadata as an array', { metadata: [] }, 'INVALID_ARGUMENT', 'metadata'],
  ['an integer of 2^60', { metadata: { n: 2 ** 60 } }, 'INVALID_ARGUMENT', 'metadata.n'],
  ['metadata over 1 MiB', { metadata: { big: 'x'.repeat(1_048_577) } }, 'LIMIT_EXCEEDED', 'metadata'],
  ['metadata 40 levels deep', { metadata: { deep: deep(40) } }, 'LIMIT_EXCEEDED', undefined],
  ['an unknown sector', { metadata: { sector: 'moody' } }, 'INVALID_ARGUMENT', 'metadata.sector'],
  ['a time that is none', { expires_at: 'soon' }, 'INVALID_ARGUMENT', 'expires_at'],
  ['a patch that is no object', 'content', 'INVALID_ARGUMENT', 'patch'],
  ['a patch that is null', null, 'INVALID_ARGUMENT', 'patch'],
]

test.each(refused)('%s is refused and changes nothing', async (_, patch, code, field) => {
  const error = await refusal<ValidationError>(om.updateMemory(memory.id, patch as object))
  expect(error).toBeInstanceOf(ValidationError)
  expect(error).toMatchObject({ code, status: code === 'LIMIT_EXCEEDED' ? 413 : 400, retryable: false })
  if (field !== undefined) expect(error.field).toBe(field)
  await expectNothingChanged()
})

test('the limits themselves are accepted', async () => {
  const patch = {
    content: 'é'.repeat(200_000),
    tags: Array.from({ length: 64 }, (_, n) => `${n}`.padEnd(256, 'é')),
    metadata: { n: 2 ** 53 - 1, m: -(2 ** 53 - 1), x: 1e-7 },
  }
  const updated = await om.updateMemory(memory.id, patch)
  expect(updated).toMatchObject({ content: patch.content, tags: patch.tags, metadata: patch.metadata, version: 2 })
})

test('characters are code points: 200 000 emoji are not too long', async () => {
  const { content } = await om.updateMemory(memory.id, { content: '😀'.repeat(200_000) })
  expect(content).toBe('😀'.repeat(200_000))
})

test.each([undefined, null, ''])('a missing id (%p) is MISSING_ID', async (id) => {
  const error = await refusal(om.updateMemory(id as unknown as string, { tags: [] }))
  expect(error).toMatchObject({ name: 'ValidationError', code: 'MISSING_ID', status: 400 })
})

test('an unknown id is NOT_FOUND', async () => {
  const error = await refusal(om.updateMemory('mem_7k9n2x4p8q', { tags: [] }))
  expect(error).toBeInstanceOf(NotFoundError)
  expect(error).toMatchObject({ code: 'NOT_FOUND', status: 404 })
  expect(error.details).not.toHaveProperty('deleted')
})

test('a deleted id is NOT_FOUND with the time of deletion', async () => {
  const { deleted_at } = await om.deleteMemory(memory.id)
  const error = await refusal(om.updateMemory(memory.id, { tags: [] }))
  expect(error.code).toBe('NOT_FOUND')
  expect(error.details).toEqual({ id: memory.id, deleted: true, deleted_at, version: 1 })
})

test('an unknown option is refused by name', async () => {
  const options = { ifVerson: 1 } as object
  const error = await refusal<ValidationError>(om.updateMemory(memory.id, { tags: [] }, options))
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'ifVerson' })
  await expectNothingChanged()
})

test.each([null, Number.NaN, 1.5, -1, '1'])('ifVersion %p is refused', async (ifVersion) => {
  const options = { ifVersion } as object
  const error = await refusal<ValidationError>(om.updateMemory(memory.id, { tags: [] }, options))
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'ifVersion' })
  await expectNothingChanged()
})
