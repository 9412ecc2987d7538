// How long does it take from the import to the first result, and how much memory do memories use besides the model? A
// directory of 10 000 memories, embedded with the shipped model. Each figure is the median over new processes. `npm run
// bench:start [-- --count 10000 --repeats 7 --dir DIR]`; embedding takes about a minute.

import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { memories, remember } from './memories.mjs'
import { median } from './rounds.mjs'

if (process.send) await answerOnce(process.argv[2])
else await main()

async function main() {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '10000' },
      repeats: { type: 'string', default: '7' },
      dir: { type: 'string', default: tmpdir() },
    },
  })
  const [count, repeats] = [Number(values.count), Number(values.repeats)]
  const directory = mkdtempSync(join(resolve(values.dir), 'openmemory-bench-'))
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
  const [many, one] = [join(directory, 'many'), join(directory, 'one')]
  await fill(many, count)
  await fill(one, 1)

  const runs = { many: [], one: [] }
  for (let round = 0; round < repeats; round++) {
    runs.many.push(await inNewProcess(many))
    runs.one.push(await inNewProcess(one))
  }
  const of = (which, key) => median(runs[which].map((run) => run[key]))
  const each = (of('many', 'resident') - of('one', 'resident')) / count / 1000
  console.log(`import: ${of('many', 'imported').toFixed(0)} ms`)
  console.log(
    `first search of ${count}: ${of('many', 'searched').toFixed(0)} ms, opening and loading the model included`,
  )
  console.log(`import to first answer: ${of('many', 'total').toFixed(0)} ms (goal: under 1000 ms)`)
  console.log(`resident with one memory: ${(of('one', 'resident') / 1e6).toFixed(0)} MB`)
  console.log(`resident for each further memory: ${each.toFixed(2)} KB (goal: under 2.5 KB)`)
}

async function fill(path, count) {
  const { OpenMemory } = await import('../index.mjs')
  const om = new OpenMemory({ path })
  await remember(om, memories(count, { seed: 7, user_id: 'ada', tokens: 20 }))
  await om.close()
}

function inNewProcess(path) {
  const child = fork(fileURLToPath(import.meta.url), [path], { execArgv: ['--expose-gc'] })
  return new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', (code) => reject(new Error(`a process ended with ${code}`)))
  })
}

async function answerOnce(path) {
  const times = [performance.now()]
  const { OpenMemory } = await import('../index.mjs')
  times.push(performance.now())
  const om = new OpenMemory({ path })
  const search = () => om.searchMemories('What was said about the garden?', { filters: { user_id: 'ada' } })
  await search()
  times.push(performance.now())
  // Wait until the memory that was used for loading the model has been released.
  for (let more = 0; more < 10; more++) await search()
  await setTimeout(1000)
  globalThis.gc()
  const [imported, searched] = times.slice(1).map((time, at) => time - times[at])
  process.send({ imported, searched, total: times[2] - times[0], resident: process.memoryUsage.rss() })
  await om.close()
  process.disconnect()
}
