// How fast is each part, compared with the best of its kind? `npm run bench:parts [-- --quick --json FILE --dir DIR
// --only NAME,…]`
//
// --quick  runs everything for a few seconds, as a smoke test; the numbers are meaningless
// --json   also writes the numbers to FILE
// --dir    where the stores are created; default: the system's temporary directory
// --only   some of: metadata, content, embedding, search, scale, timer

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { install } from './comparators.mjs'
import { machine, table, versions } from './report.mjs'

const parts = {
  metadata: './metadata-updates.mjs',
  content: './content-updates.mjs',
  embedding: './embedding.mjs',
  search: './search.mjs',
  scale: './scale.mjs',
  timer: './event-loop.mjs',
}

const { quick, json, dir, only } = options()
install()
const directory = mkdtempSync(join(resolve(dir), 'openmemory-bench-'))
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
process.once('SIGINT', () => process.exit(130))

const about = { date: new Date().toISOString(), quick, machine: machine(directory), versions: versions() }
console.log(
  Object.entries({ ...about.machine, ...about.versions })
    .map(([key, value]) => `${key}: ${value}`)
    .join('\n'),
)
console.log()

const measures = []
for (const part of only) {
  const { measure } = await import(parts[part])
  for await (const row of measure({ directory, quick })) {
    measures.push(row)
    console.error(
      `> ${row.measure}: ${row.ratio?.toFixed(2) ?? row.ours.toFixed(2)}${row.note ? ` (${row.note})` : ''}`,
    )
  }
}
console.log(table(measures))
if (quick) console.log('\nA quick run shows that everything runs; its numbers mean nothing.')
if (json) writeFileSync(json, `${JSON.stringify({ ...about, measures }, null, 2)}\n`)

function options() {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'string' },
        dir: { type: 'string', default: tmpdir() },
        only: { type: 'string', default: Object.keys(parts).join() },
      },
    })
    const only = values.only.split(',')
    const unknown = only.find((part) => !(part in parts))
    if (unknown !== undefined) throw new TypeError(`--only: ${unknown} is none of ${Object.keys(parts).join(', ')}`)
    return { ...values, only }
  } catch (error) {
    console.error(error.message)
    process.exit(2)
  }
}
