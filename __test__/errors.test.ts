// Failures are real errors: of a class, with a code, and with a stack that begins where the call was made.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { NotFoundError, OpenMemory, OpenMemoryError, ValidationError, VersionConflictError } from '@openmemory/sdk'
import { refusal } from './helpers/refusal'
import { embeddedTest, openStore } from './helpers/store'

const firstFrame = (error: Error) => (error.stack as string).split('\n').find((line) => /^\s+at /.test(line))

test('errors are instances of their class, of OpenMemoryError and of Error', async () => {
  const om = openStore()
  const error = await refusal(om.getMemory('mem_unknown'))
  for (const type of [NotFoundError, OpenMemoryError, Error]) expect(error).toBeInstanceOf(type)
  expect(error).not.toBeInstanceOf(ValidationError)
  expect(error.name).toBe('NotFoundError')
  expect(String(error)).toMatch(/^NotFoundError: /)
  expect(error.details).toMatchObject({ id: 'mem_unknown' })
})

test('the stack begins at the line that made the call', async () => {
  const om = openStore()
  const failing = [
    om.getMemory('mem_unknown'),
    om.updateMemory('mem_unknown', { content: '' }),
    om.addMemory({ content: 'x', metadata: { when: new Date() as never } }),
    om.addMemories([]),
    om.deleteMemories(['a'], { unknown: 1 } as object),
  ]
  for (const call of failing) expect(firstFrame(await refusal(call))).toContain('errors.test.ts')
  const [result] = await om.updateMemories([{ id: 'mem_unknown', tags: [] }])
  expect(result?.ok === false && firstFrame(result.error)).toContain('errors.test.ts')
  await om.close()
  expect(firstFrame(await refusal(om.stats()))).toContain('errors.test.ts')
})

test('the stack begins at the line of the constructor for wrong options', () => {
  expect.assertions(1)
  try {
    new OpenMemory({ colour: 'red' } as object)
  } catch (error) {
    expect(firstFrame(error as Error)).toContain('errors.test.ts')
  }
})

test('a wrong argument rejects and never throws', async () => {
  const om = openStore() as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>
  const methods = [
    ...['addMemory', 'addMemories', 'getMemory', 'updateMemory', 'updateMemories', 'deleteMemory', 'deleteMemories'],
    ...['searchMemories', 'reinforceMemory', 'getHistory', 'restoreMemory', 'retireMemory', 'sendFeedback'],
    ...['getWaypoints', 'applyOperations', 'undoOperations', 'context'],
  ]
  for (const method of methods) {
    for (const argument of [undefined, null, 7, Symbol('x'), () => {}, new Date()]) {
      const error = await refusal((om[method] as (argument: unknown) => Promise<unknown>).call(om, argument))
      expect([method, error.status]).toEqual([method, 400])
    }
  }
})

test('errors can be made by users, for their own tests', () => {
  const error = new VersionConflictError('VERSION_CONFLICT', 'not at version 1', { details: { version: 3 } })
  expect(error).toMatchObject({ version: 3, status: 409, retryable: false, code: 'VERSION_CONFLICT' })
  expect(error).not.toHaveProperty('cause')
  expect(new OpenMemoryError('LOCKED', 'in use')).toMatchObject({ status: 503, retryable: true })
})

test('an error made by its code is retryable where a thrown one is', () => {
  const retryable = ['EMBEDDING_FAILED', 'IO', 'LOCKED', 'RATE_LIMITED', 'TIMEOUT', 'UNAVAILABLE']
  for (const code of retryable) expect([code, new OpenMemoryError(code as never, '').retryable]).toEqual([code, true])
  for (const code of ['CLOSED', 'ABORTED', 'CORRUPTED', 'MODEL_MISMATCH', 'NOT_FOUND', 'INTERNAL']) {
    expect([code, new OpenMemoryError(code as never, '').retryable]).toEqual([code, false])
  }
  expect(new OpenMemoryError('IO', 'read-only', { retryable: false }).retryable).toBe(false)
})

test('the reference says of each code whether it is retryable', () => {
  const reference = readFileSync(join(__dirname, '..', 'docs', 'reference', 'errors.md'), 'utf8')
  const rows = [...reference.matchAll(/^\| `(\w+)` \|.* \| (.+) \|$/gm)]
  expect(rows.length).toBeGreaterThan(20)
  for (const [, code, said] of rows) {
    // What depends on the cause is told by the error itself.
    if (code === 'LANGUAGE_MODEL_FAILED') continue
    expect([code, said !== 'no']).toEqual([code, new OpenMemoryError(code as never, '').retryable])
  }
})

embeddedTest('an embedder that fails is retryable, thrown and made', async () => {
  const embed = () => Promise.reject(new Error('down'))
  const om = openStore({ embedder: { id: 'down', dimensions: 2, embed } })
  const thrown = await refusal(om.addMemory({ content: 'x' }))
  const made = new OpenMemoryError(thrown.code, '')
  expect([thrown.code, thrown.retryable, made.retryable]).toEqual(['EMBEDDING_FAILED', true, true])
})

test('an argument that a method does not take is refused by its name, and nothing changes', async () => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'kept' })
  const any = om as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>
  const calls: [string, unknown[], string][] = [
    ['addMemory', [{ content: 'x' }, { user_id: 'ada' }], 'user_id'],
    ['addMemories', [[{ content: 'x' }], {}, { user_id: 'ada' }], 'user_id'],
    ['getMemory', [id, {}, 1], 'arguments'],
    ['listMemories', [{}, { limit: 1 }], 'limit'],
    ['updateMemory', [id, { tags: [] }, {}, { ifVersion: 1 }], 'ifVersion'],
    ['updateMemories', [[{ id, tags: [] }], {}, 'ada'], 'arguments'],
    ['applyOperations', [[{ delete: { id } }], {}, 'ada'], 'arguments'],
    ['undoOperations', [[], {}, 'ada'], 'arguments'],
    ['deleteMemory', [id, { force: true }], 'force'],
    ['deleteMemories', [[id], {}, { force: true }], 'force'],
    ['searchMemories', ['x', {}, { k: 1 }], 'k'],
    ['reinforceMemory', [id, {}, 0.5], 'arguments'],
    ['getHistory', [id, {}, 10], 'arguments'],
    ['restoreMemory', [id, 1, {}, { actor: 'ada' }], 'actor'],
    ['retireMemory', [id, {}, { why: 'wrong' }], 'why'],
    ['sendFeedback', [id, null, {}, 'why'], 'arguments'],
    ['getWaypoints', [id, { limit: 1 }], 'limit'],
    ['reindex', [{}, { force: true }], 'force'],
    ['backup', ['nowhere', { overwrite: true }], 'overwrite'],
    ['exportTo', ['nowhere', {}, { format: 'csv' }], 'format'],
    ['importFrom', ['nowhere', {}, { format: 'csv' }], 'format'],
    ['stats', [{ user_id: 'ada' }], 'user_id'],
    ['serve', [{ port: 0 }, { host: '::' }], 'host'],
    ['ready', [{ timeoutMs: 1 }], 'timeoutMs'],
    ['flush', [null], 'arguments'],
  ]
  for (const [method, given, field] of calls) {
    const error = await refusal((any[method] as (...given: unknown[]) => Promise<unknown>).apply(om, given))
    expect([method, error]).toEqual([method, expect.objectContaining({ code: 'INVALID_ARGUMENT', field })])
  }
  for (const method of ['watch', 'iterateMemories']) {
    const changes = (any[method] as (...given: unknown[]) => unknown).call(om, {}, { limit: 1 })
    const error = await refusal((changes as AsyncIterator<unknown>).next())
    expect([method, error]).toEqual([method, expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'limit' })])
  }
  expect(() => new (OpenMemory as new (...given: unknown[]) => OpenMemory)({}, { path: 'x' })).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'path' }),
  )
  expect((await om.listMemories()).memories).toMatchObject([{ id, version: 1 }])
})

test('an undefined argument counts as missing', async () => {
  const om = openStore()
  const stats = om.stats.bind(om) as (...given: unknown[]) => Promise<unknown>
  expect(await stats(undefined)).toMatchObject({ memories: 0 })
})

embeddedTest('close refuses options, and may be called with what an event gives', async () => {
  const om = openStore()
  const close = om.close.bind(om) as (...given: unknown[]) => Promise<void>
  expect(await refusal(close({ force: true }))).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'force' })
  expect(await om.stats()).toMatchObject({ memories: 0 })
  await close('SIGTERM', 15)
})

test('ids that are no ids are named as such', async () => {
  expect(await refusal(openStore().deleteMemories('mem_1' as never))).toMatchObject({ field: 'ids' })
})
