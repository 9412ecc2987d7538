// A worker thread opens a directory with an embedding function and is terminated while it and the main thread, which
// shares the directory, embed. Reports how many adds of the main thread
// succeeded, and how the others failed.
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { OpenMemory } from '@openmemory/sdk'

const ADDS = 100

async function embed(texts) {
  await setTimeout(5)
  return texts.map((text) => [1, text.length, 1 / text.length])
}

const open = (path) => new OpenMemory({ path, embedder: { id: 'lengths', dimensions: 3, embed } })

async function addMany(om, user_id) {
  const adds = Array.from({ length: ADDS }, (_, n) => om.addMemory({ user_id, content: 'word '.repeat(n + 1) }))
  return Promise.allSettled(adds)
}

if (isMainThread) {
  const rounds = []
  for (let round = 0; round < 6; round++) {
    const path = `${process.argv[2]}/${round}`
    const worker = new Worker(new URL(import.meta.url), { workerData: path })
    await new Promise((resolve, reject) => worker.on('error', reject).on('message', resolve))
    const om = open(path)
    await om.stats()
    const adds = addMany(om, 'main')
    await setTimeout(round * 5)
    await worker.terminate()
    const settled = await adds
    const refused = settled.filter(({ status }) => status === 'rejected').map(({ reason }) => reason.message)
    const [hit] = await om.searchMemories('word word', { filters: { user_id: 'main' } })
    rounds.push({ added: settled.length - refused.length, refused, found: hit !== undefined })
    await om.close()
  }
  process.send(rounds)
  process.disconnect()
} else {
  const om = open(workerData)
  await om.stats()
  parentPort.postMessage('open')
  for (;;) await addMany(om, 'worker')
}
