// Memories that come from other programs' files, as the command line imports them.

import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { CLI, imported } from './helpers/imported'
import { serve } from './helpers/server'
import { freshDirectory } from './helpers/store'

const UUID = '0190163d-8694-739b-aea5-966c26f8ad91'

test("Mem0's memories keep their ids, users, categories, dates and metadata", async () => {
  const listed = {
    results: [
      {
        ...{ id: UUID, memory: 'Ada drinks coffee', hash: 'x', user_id: 'ada', metadata: { source: 'chat' } },
        ...{ categories: ['taste'], created_at: '2025-03-01T10:00:00-08:00', updated_at: '2025-04-01T10:00:00Z' },
        expiration_date: '2999-12-30',
      },
      { id: 'empty', memory: '' },
    ],
  }
  const { out, om } = await imported(listed)
  expect(out).toMatchObject({ imported: 1, failed: 0 })
  expect((await om.listMemories()).memories).toMatchObject([
    {
      ...{ content: 'Ada drinks coffee', user_id: 'ada', tags: ['taste'], metadata: { source: 'chat' }, version: 1 },
      ...{ created_at: '2025-03-01T18:00:00.000Z', expires_at: '2999-12-31T00:00:00.000Z' },
    },
  ])
  expect(await om.getMemory(UUID)).toMatchObject({ content: 'Ada drinks coffee' })
  expect((await om.searchMemories('coffee')).map(({ content }) => content)).toEqual(['Ada drinks coffee'])
})

test("points of Mem0's vector stores are memories, with the texts of its history before them", async () => {
  const points = [
    {
      id: 'a',
      payload: { data: 'Ada lives in Porto', user_id: 'ada', runId: 'r1', role: 'user', created_at: '2025-01-01' },
    },
    { id: 7, payload: '{"data": "Bob plays chess", "userId": "bob"}' },
  ]
  const history = join(freshDirectory(), 'history')
  const rows = [
    { memory_id: 'a', new_memory: 'Ada lives in Lisbon', event: 'ADD', created_at: '2025-01-01 00:00:00' },
    { memory_id: 'a', new_memory: 'Ada lives in Porto', event: 'UPDATE', updated_at: '2025-02-01T00:00:00+00:00' },
    { memory_id: 'gone', new_memory: 'x', event: 'ADD', created_at: '2025-01-01 00:00:00' },
    { memory_id: 'gone', old_memory: 'x', event: 'DELETE', created_at: '2025-01-02 00:00:00' },
  ]
  writeFileSync(history, JSON.stringify(rows))
  const { out, om } = await imported({ result: { points } }, '--history', history)
  expect(out).toMatchObject({ imported: 2 })
  expect(await om.getHistory('a')).toMatchObject([
    {
      version: 2,
      content: 'Ada lives in Porto',
      updated_at: '2025-02-01T00:00:00.000Z',
      metadata: { role: 'user' },
    },
    { version: 1, content: 'Ada lives in Lisbon', updated_at: '2025-01-01T00:00:00.000Z' },
  ])
  expect(await om.getMemory('a')).toMatchObject({ user_id: 'ada', run_id: 'r1' })
  expect(await om.getMemory('7')).toMatchObject({ content: 'Bob plays chess', user_id: 'bob', metadata: {} })
})

test("OpenMemory's memories keep sectors, salience, tags and times", async () => {
  const items = [
    {
      ...{ id: 'm1', user_id: 'ada', content: 'Ada felt happy yesterday', primary_sector: 'emotional', version: 4 },
      ...{ tags: '["mood"]', meta: '{"source":"diary"}', created_at: 1735689600000, updated_at: 1735776000000 },
      ...{ last_seen_at: 1735776000000, salience: 0.7, decay_lambda: 0.02 },
    },
  ]
  const { out, om } = await imported({ items })
  expect(out).toMatchObject({ imported: 1 })
  expect(await om.getMemory('m1')).toMatchObject({
    ...{ content: 'Ada felt happy yesterday', tags: ['mood'], metadata: { source: 'diary' }, user_id: 'ada' },
    ...{ primary_sector: 'emotional', created_at: '2025-01-01T00:00:00.000Z' },
  })
})

test('a graph of the MCP memory server is a memory for each observation and relation', async () => {
  const lines = [
    { type: 'entity', name: 'Ada', entityType: 'person', observations: ['drinks tea', 'Ada lives in Porto'] },
    { type: 'entity', name: 'Acme', entityType: 'company', observations: [] },
    { type: 'relation', from: 'Ada', to: 'Acme', relationType: 'works_at' },
  ]
  const text = lines.map((line) => JSON.stringify(line)).join('\n')
  const { out, om } = await imported(text, '--user', 'ada')
  expect(out).toMatchObject({ imported: 4 })
  const { memories } = await om.listMemories({ order: 'created_at:asc' })
  expect(memories.map(({ content, tags }) => [content, ...tags]).sort()).toEqual([
    ['Acme: company', 'company'],
    ['Ada lives in Porto', 'person'],
    ['Ada works at Acme', 'relation'],
    ['Ada: drinks tea', 'person'],
  ])
  expect(memories.every(({ user_id }) => user_id === 'ada')).toBe(true)
})

test('the same file again imports nothing more', async () => {
  const { server } = await serve()
  const file = join(freshDirectory(), 'memory.jsonl')
  writeFileSync(file, JSON.stringify({ type: 'entity', name: 'Ada', observations: ['drinks tea'] }))
  const again = () =>
    new Promise<string>((resolve) => {
      const args = [CLI, 'import', file, '--url', server.url, '--json']
      execFile(process.execPath, args, (_, out) => resolve(out))
    })
  expect(JSON.parse(await again())).toMatchObject({ imported: 1, skipped: 0 })
  expect(JSON.parse(await again())).toMatchObject({ imported: 0, skipped: 1 })
})

test.each<[string, string, string[], number, RegExp]>([
  [
    'of no program that is known',
    '[{"colour": "blue"}]',
    [],
    1,
    /none of openmemory, langgraph, mcp, mem0 has written it/,
  ],
  ['that is no JSON', 'Ada drinks tea', [], 1, /line 1 is no object/],
  ['of another program than it says', '[{"id": "a", "memory": "x"}]', ['--from', 'mcp'], 1, /has no memories of mcp/],
  ['of a program that is not known', '[]', ['--from', 'zep'], 2, /--from must be one of export, openmemory/],
  ['with a history that it has not', '{"type":"entity","name":"x"}', ['--history', 'x'], 1, /is a file of mem0 only/],
])('a file %s is refused, and nothing is imported', async (_, content, flags, code, message) => {
  const { om, ...ended } = await imported(content, ...flags)
  expect([ended.code, ended.err + JSON.stringify(ended.out)]).toEqual([code, expect.stringMatching(message)])
  expect((await om.listMemories()).memories).toEqual([])
})

type Sqlite = { DatabaseSync: new (file: string) => { exec(sql: string): void; close(): void } }

const sqlite = (process as { getBuiltinModule?: (name: string) => unknown }).getBuiltinModule?.('node:sqlite') as
  | Sqlite
  | undefined

function database(file: string): void {
  if (sqlite === undefined) {
    writeFileSync(file, `SQLite format 3\0${'\0'.repeat(100)}`)
    return
  }
  const db = new sqlite.DatabaseSync(file)
  db.exec(`create table memories(id text primary key, user_id text, content text, primary_sector text, tags text, meta text,
      created_at integer, updated_at integer, last_seen_at integer, salience real, mean_vec blob);
    create table vectors(id text, sector text, v blob);
    create table waypoints(src_id text, dst_id text, weight real, created_at integer, updated_at integer);
    insert into memories values ('m1', 'ada', 'Ada drinks tea', 'semantic', '[]', '{}', 1735689600000, 1, 1735689600000, .5, x'00');
    insert into memories values ('m2', 'ada', 'Ada likes cake', 'semantic', '[]', '{}', 1735689600000, 1, 1735689600000, .5, x'00');
    insert into vectors values ('m1', 'emotional', x'00');
    insert into waypoints values ('m2', 'm1', .8, 1735689600000, 1735689600000);`)
  db.close()
}

test(
  sqlite ? 'an SQLite database is read' : 'an SQLite database needs a newer Node, and the error says what to do',
  async () => {
    const { code, out, err, om } = await imported(database)
    if (sqlite === undefined) {
      expect([code, err + JSON.stringify(out)]).toEqual([
        1,
        expect.stringMatching(/needs Node 22\.13 or later; or import its rows/),
      ])
    } else {
      expect(out).toMatchObject({ imported: 2 })
      expect(await om.getMemory('m1')).toMatchObject({ sectors: ['semantic', 'emotional'] })
      expect(await om.getWaypoints('m2')).toMatchObject([{ id: 'm1', weight: 0.8 }])
    }
  },
)
