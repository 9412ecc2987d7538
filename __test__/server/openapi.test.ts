// Does the document say what the routes take and answer?

import { expect, test } from '@jest/globals'
import { serve } from '../helpers/server'

// biome-ignore lint/suspicious/noExplicitAny: JSON of any shape
type Json = any

interface Operation {
  method: string
  path: string
  operation: Json
}

async function described() {
  const { ask, store } = await serve()
  const { body: document } = await ask('GET', '/openapi.json')
  const operations: Operation[] = Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Json>(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
  const resolve = (schema: Json): Json =>
    schema?.$ref ? resolve(document.components.schemas[schema.$ref.split('/').at(-1)]) : schema
  return { ask, store, document, operations, resolve }
}

const withIds = (path: string) => path.replace(/\{\w+\}/g, 'x')
/** The names that a refusal lists; an id in the path is a field of the request, too. */
const known = (message: string) => (message.split('known are ')[1] ?? '').split(', ').filter((name) => name !== 'id')

test('a body takes the fields of its schema, and no others', async () => {
  const { ask, operations, resolve } = await described()
  const bodies = operations.flatMap(({ method, path, operation }) => {
    const { properties } = resolve(operation.requestBody?.content['application/json']?.schema) ?? {}
    return properties ? [{ method, path, names: Object.keys(properties) }] : []
  })
  expect(bodies.length).toBeGreaterThan(12)
  for (const { method, path, names } of bodies) {
    const { status, body } = await ask(method, withIds(path), { body: { colour: 1 } })
    expect([path, status, body.field]).toEqual([path, 400, 'colour'])
    const own = names.filter((name) => name !== 'id')
    expect([path, known(body.message).sort()]).toEqual([path, own.sort()])
  }
})

test('an address takes the parameters that are described, and no others', async () => {
  const { ask, operations } = await described()
  const queries = operations.flatMap(({ method, path, operation }) => {
    const named = (operation.parameters ?? []).filter((parameter: Json) => parameter.in === 'query')
    return named.length > 0 ? [{ method, path, names: named.map(({ name }: Json) => name as string) }] : []
  })
  // Mem0's clients send more to these than any server reads.
  const lenient = ['GET /v1/entities', 'DELETE /v1/memories/{memory_id}', 'DELETE /memories/{memory_id}']
  const strict = queries.filter(({ method, path }) => !lenient.includes(`${method} ${path}`))
  expect(strict.length).toBeGreaterThan(8)
  for (const { method, path, names } of strict) {
    const { status, body } = await ask(method, `${withIds(path)}?colour=1`, method === 'GET' ? {} : { body: {} })
    expect([path, status, body.field]).toEqual([path, 400, 'colour'])
    expect([path, known(body.message ?? body.detail).sort()]).toEqual([path, names.sort()])
    for (const name of names) {
      const twice = await ask(method, `${withIds(path)}?${name}=1&${name}=1`, method === 'GET' ? {} : { body: {} })
      expect([path, twice.status, twice.body.field]).toEqual([path, 400, name])
    }
  }
})

test('answers have the fields of their schemas, and no others', async () => {
  const { ask, store, operations, resolve } = await described()
  const scope = { user_id: 'ada', agent_id: 'a', app_id: 'b', run_id: 'c' }
  await store.addMemory({ id: 'other', content: 'x' })
  const { id } = await store.addMemory({
    content: 'Ada drinks tea',
    tags: ['taste'],
    ...scope,
    expires_at: '2999-01-01',
    valid_from: '2024-05',
  })
  await store.addMemories(Array.from({ length: 3 }, (_, n) => ({ content: `Ada drinks tea ${n}`, ...scope })))
  const calls: [string, string, string, object?][] = [
    ['POST', '/memory/add', '/memory/add', { content: 'x' }],
    ['POST', '/memory/add', '/memory/add', { content: 'x', ifExists: 'skip' }],
    ['POST', '/memory/batch', '/memory/batch', { items: [{ content: 'y' }, { content: '', id: 'bad' }, {}] }],
    ['PATCH', '/memory/{id}', `/memory/${id}`, { content: 'Ada drinks coffee', actor: 'ada', reason: 'because' }],
    [
      'PATCH',
      '/memory/batch',
      '/memory/batch',
      {
        items: [
          { id, tags: [] },
          { id: 'none', tags: [] },
        ],
      },
    ],
    ['POST', '/memory/{id}/restore', `/memory/${id}/restore`, { version: 1 }],
    ['POST', '/memory/{id}/retire', `/memory/${id}/retire`, { valid_to: '2999' }],
    ['POST', '/memory/{id}/feedback', `/memory/${id}/feedback`, { feedback: 'NEGATIVE', reason: 'old' }],
    ['POST', '/memory/reinforce', '/memory/reinforce', { id }],
    ['GET', '/memory/{id}', `/memory/${id}`],
    ['GET', '/memory/{id}/history', `/memory/${id}/history`],
    ['GET', '/memory/{id}/waypoints', `/memory/${id}/waypoints`],
    ['GET', '/memory/all', '/memory/all?l=2'],
    ['POST', '/memory/list', '/memory/list', { limit: 1 }],
    ['GET', '/users/{user_id}/memories', '/users/ada/memories'],
    ['POST', '/memory/query', '/memory/query', { query: `${'x'.repeat(9000)} tea`, explain: true }],
    ['POST', '/memory/search', '/memory/search', { query: 'tea', explain: true }],
    ['POST', '/memory/search', '/memory/search', { query: 'coffee', includeHistory: true, history: 2 }],
    ['POST', '/memory/search', '/memory/search', { query: 'tea', at: '2024', asOf: '2999' }],
    [
      'POST',
      '/memory/operations',
      '/memory/operations',
      { operations: [{ add: { content: 'z' } }, { delete: { id: 'none' } }] },
    ],
    ['POST', '/memory/operations', '/memory/operations', { operations: [{ add: { content: 'z' } }] }],
    ['GET', '/sectors', '/sectors'],
    ['GET', '/ready', '/ready'],
    ['POST', '/flush', '/flush'],
    ['POST', '/compact', '/compact'],
    ['POST', '/reindex', '/reindex'],
    ['POST', '/v3/memories', '/v3/memories', { filters: { user_id: 'ada' } }],
    ['DELETE', '/memory/{id}', '/memory/other'],
    ['POST', '/memory/delete', '/memory/delete', { ids: [id, 'none'] }],
    ['POST', '/memory/delete', '/memory/delete', { filters: { user_id: 'ada' } }],
    ['DELETE', '/users/{user_id}/memories', '/users/ada/memories'],
  ]
  for (const [method, path, url, body] of calls) {
    const answer = await ask(method, url, body ? { body } : {})
    expect([path, answer.status]).toEqual([path, 200])
    const { operation } = operations.find((one) => one.method === method && one.path === path) as Operation
    const { schema } = operation.responses[200].content['application/json']
    expect([path, ...differences(schema, answer.body, resolve)]).toEqual([path])
  }
  const { body: refusal } = await ask('GET', `/memory/${id}`)
  const { operation } = operations.find(({ path }) => path === '/memory/{id}') as Operation
  expect(differences(operation.responses[404].content['application/json'].schema, refusal, resolve)).toEqual([])
})

/** In what a value is not what its schema says: fields that are not declared, or missing, and values of another type. */
function differences(given: Json, value: Json, resolve: (schema: Json) => Json, at = ''): string[] {
  // Without a schema, any value is right.
  const schema = resolve(given) ?? {}
  const choices = schema.oneOf ?? schema.anyOf
  if (choices) {
    const each = choices.map((choice: Json) => differences(choice, value, resolve, at))
    return each.find((found: string[]) => found.length === 0) ?? each.flat()
  }
  const parts: Json[] = [schema, ...(schema.allOf ?? []).map(resolve)]
  const types = parts.flatMap(({ type }) => type ?? [])
  const fits = types.includes(typeOf(value)) || (typeof value === 'number' && types.includes('number'))
  if (types.length > 0 && !fits) return [`${at} is ${typeOf(value)}`]
  const names = parts.flatMap((part) => part.enum ?? [])
  if (names.length > 0 && !names.includes(value)) return [`${at} is ${value}`]
  if (Array.isArray(value)) {
    return value.flatMap((item, n) => differences(schema.items, item, resolve, `${at}[${n}]`))
  }
  const properties = Object.assign({}, ...parts.map((part) => part.properties))
  if (typeOf(value) !== 'object' || Object.keys(properties).length === 0) return []
  const missing = parts.flatMap(({ required = [] }) => required).filter((name) => !Object.hasOwn(value, name))
  return [
    ...missing.map((name) => `${at}.${name} is missing`),
    ...Object.entries(value).flatMap(([name, field]) =>
      Object.hasOwn(properties, name)
        ? differences(properties[name], field, resolve, `${at}.${name}`)
        : [`${at}.${name} is not declared`],
    ),
  ]
}

function typeOf(value: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}
