// How would one write the same store with better-sqlite3 and sqlite-vec? One transaction per change, WAL, every commit
// synced, prepared statements, full records.

import { createRequire } from 'node:module'
import { DIMENSIONS } from './vectors.mjs'

const require = createRequire(import.meta.url)

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS memories (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, user_id TEXT, content TEXT NOT NULL, tags TEXT NOT NULL,
    metadata TEXT NOT NULL, sectors TEXT NOT NULL, version INTEGER NOT NULL, created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  );
  CREATE INDEX IF NOT EXISTS by_creation ON memories (user_id, created_at);
  CREATE INDEX IF NOT EXISTS by_change ON memories (user_id, updated_at);
  CREATE TABLE IF NOT EXISTS tags (tag TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (tag, number)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS history (
    number INTEGER NOT NULL, version INTEGER NOT NULL, event TEXT NOT NULL, content TEXT, tags TEXT NOT NULL, metadata TEXT NOT NULL,
    sectors TEXT NOT NULL, updated_at INTEGER NOT NULL, PRIMARY KEY (number, version)
  ) WITHOUT ROWID;`

const VECTORS = `
  CREATE VIRTUAL TABLE IF NOT EXISTS vectors USING vec0 (
    number INTEGER PRIMARY KEY, user_id TEXT PARTITION KEY, embedding FLOAT[${DIMENSIONS}] distance_metric=cosine
  );`

export class SqliteMemories {
  #database
  #read
  #add
  #update
  #updateContent
  #search

  constructor(file, { vectors = false } = {}) {
    const Database = require('better-sqlite3')
    this.#database = new Database(file)
    this.#database.pragma('journal_mode = WAL')
    this.#database.pragma('synchronous = FULL')
    this.#database.exec(SCHEMA)
    if (vectors) {
      require('sqlite-vec').load(this.#database)
      this.#database.exec(VECTORS)
    }
    this.#prepare(vectors)
  }

  #prepare(vectors) {
    const sql = (text) => this.#database.prepare(text)
    const insert =
      sql(`INSERT INTO memories (id, user_id, content, tags, metadata, sectors, version, created_at, updated_at)
      VALUES (?, ?, ?, ?, ?, '["semantic"]', 1, ?, ?)`)
    const tag = sql('INSERT OR IGNORE INTO tags VALUES (?, ?)')
    const vector = vectors && sql('INSERT INTO vectors VALUES (?, ?, ?)')
    this.#read = sql('SELECT * FROM memories WHERE id = ?')
    this.#add = this.#database.transaction((memories) => {
      for (const { id, user_id, content, tags, metadata, embedding } of memories) {
        const now = Date.now()
        const row = [id, user_id, content, JSON.stringify(tags), JSON.stringify(metadata), now, now]
        const number = BigInt(insert.run(row).lastInsertRowid)
        for (const each of tags) tag.run(each, number)
        if (vector) vector.run(number, user_id, embedding)
      }
    })

    const keep = sql('INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
    const change = sql('UPDATE memories SET metadata = ?, version = ?, updated_at = ? WHERE number = ?')
    this.#update = this.#database.transaction((id, patch) => {
      const row = this.#read.get(id)
      keep.run(row.number, row.version, 'UPDATE', null, row.tags, row.metadata, row.sectors, row.updated_at)
      row.metadata = JSON.stringify(merged(JSON.parse(row.metadata), patch.metadata))
      row.version += 1
      row.updated_at = Date.now()
      change.run(row.metadata, row.version, row.updated_at, row.number)
      return record(row)
    })
    const replace = sql('UPDATE memories SET content = ?, version = ?, updated_at = ? WHERE number = ?')
    const replaceVector = vectors && sql('UPDATE vectors SET embedding = ? WHERE number = ?')
    this.#updateContent = this.#database.transaction((id, content, embedding) => {
      const row = this.#read.get(id)
      keep.run(row.number, row.version, 'UPDATE', row.content, row.tags, row.metadata, row.sectors, row.updated_at)
      Object.assign(row, { content, version: row.version + 1, updated_at: Date.now() })
      replace.run(row.content, row.version, row.updated_at, row.number)
      replaceVector.run(embedding, BigInt(row.number))
      return record(row)
    })
    this.#search =
      vectors &&
      sql(`WITH nearest AS (SELECT number, distance FROM vectors WHERE embedding MATCH ? AND k = ? AND user_id = ?)
        SELECT memories.*, distance FROM nearest JOIN memories USING (number) ORDER BY distance`)
  }

  /** Adds them in one transaction. */
  add(memories) {
    this.#add.immediate(memories)
  }

  update(id, patch) {
    return this.#update.immediate(id, patch)
  }

  updateContent(id, content, embedding) {
    return this.#updateContent.immediate(id, content, embedding)
  }

  search(embedding, user, k) {
    return this.#search.all(embedding, k, user).map((row) => ({ ...record(row), similarity: 1 - row.distance }))
  }

  close() {
    this.#database.close()
  }
}

function merged(metadata, changes) {
  for (const [field, value] of Object.entries(changes)) {
    if (value === null) delete metadata[field]
    else metadata[field] = value
  }
  return metadata
}

function record({ id, user_id, content, tags, metadata, sectors, version, created_at, updated_at }) {
  const [created, updated] = [new Date(created_at).toISOString(), new Date(updated_at).toISOString()]
  const parsed = { tags: JSON.parse(tags), metadata: JSON.parse(metadata), sectors: JSON.parse(sectors) }
  return { id, user_id, content, ...parsed, version, created_at: created, updated_at: updated }
}
