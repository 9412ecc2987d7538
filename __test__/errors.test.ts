// Failures are real errors: of a class, with a code, and with a stack that begins where the call was made.

import { expect, test } from '@jest/globals'
import { NotFoundError, OpenMemory, OpenMemoryError, ValidationError, VersionConflictError } from '@openmemory/sdk'
import { refusal } from './helpers/refusal'
import { openStore } from './helpers/store'

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
    ...['searchMemories', 'reinforceMemory', 'getHistory', 'restoreMemory', 'sendFeedback', 'getWaypoints'],
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
