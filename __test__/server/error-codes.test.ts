// One table of error codes: the server, all languages and the documentation agree.

import { beforeAll, expect, test } from '@jest/globals'
import { type ErrorCode, OpenMemoryError } from '@openmemory/sdk'
import { read } from '../helpers/markdown'
import { serve } from '../helpers/server'

interface Row {
  code: ErrorCode
  status: number
  err: string
  retryable: boolean
}

let rows: Row[]

beforeAll(async () => {
  const { ask } = await serve()
  rows = (await ask('GET', '/openapi.json')).body['x-error-codes']
})

test('an error made from a code has the status and the hope of that code', () => {
  expect(rows).toHaveLength(24)
  for (const { code, status, retryable } of rows) {
    const made = new OpenMemoryError(code, 'as a test expects')
    expect({ code, status: made.status, retryable: made.retryable }).toEqual({ code, status, retryable })
  }
})

test('the types know these codes and no others', () => {
  const declared = read('index.d.ts').split('export type ErrorCode =')[1]?.split(/\n\n/)[0] ?? ''
  expect([...declared.matchAll(/\| '([A-Z_]+)'/g)].map(([, code]) => code)).toEqual(rows.map(({ code }) => code))
})

test.each(['README.md', 'docs/reference/errors.md'])('the table of %s has each code with its status', (page) => {
  const table = read(page)
    .split('\n')
    .filter((line) => /^\| `[A-Z_]+`/.test(line))
  const listed = table.flatMap((line) => {
    const [, codes = '', , statuses = ''] = line.split('|')
    const names = [...codes.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code)
    const numbers = [...statuses.matchAll(/\d{3}/g)].map(Number)
    return names.map((code, at) => [code, numbers[Math.min(at, numbers.length - 1)]])
  })
  expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(rows.map(({ code, status }) => [code, status])))
})

test('the Python client knows which codes may be tried again', () => {
  const source = read('clients/python/src/openmemory/_errors.py')
  const declared = /_RETRYABLE = \{([^}]*)\}/.exec(source)?.[1] ?? ''
  const codes = [...declared.matchAll(/"([A-Z_]+)"/g)].map(([, code]) => code)
  expect(codes.sort()).toEqual(
    rows
      .filter(({ retryable }) => retryable)
      .map(({ code }) => code)
      .sort(),
  )
})
