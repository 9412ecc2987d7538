// Worker threads that write until they are terminated, the first of them being the one that loads the addon; then the
// main thread uses the directory. Reports the result of each round.
import process from 'node:process'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { OpenMemory } from '@openmemory/sdk'

const outcome = (call) =>
  call.then(
    ({ version }) => version,
    ({ code }) => code,
  )

if (isMainThread) {
  const path = process.argv[2]
  const rounds = []
  for (let round = 0; round < 8; round++) {
    const worker = new Worker(new URL(import.meta.url), { workerData: path })
    let acknowledged = 0
    await new Promise((resolve, reject) => {
      worker.on('error', reject)
      worker.on('message', (version) => {
        acknowledged = version
        if (version > 20 * (round + 1)) resolve()
      })
    })
    await worker.terminate()
    const om = new OpenMemory({ path, embedder: 'test' })
    const found = await outcome(om.getMemory('shared'))
    rounds.push({ acknowledged, found, next: await outcome(om.updateMemory('shared', { content: `round ${round}` })) })
    await om.close()
  }
  process.send(rounds)
  process.disconnect()
} else {
  const om = new OpenMemory({ path: workerData, embedder: 'test' })
  await om.addMemory({ id: 'shared', content: 'x' }).catch(() => {})
  for (let n = 0; ; n++) {
    const calls = Array.from({ length: 8 }, (_, i) =>
      om.updateMemory('shared', i % 4 === 0 ? { content: `n ${n} ${i}` } : { metadata: { n } }),
    )
    parentPort.postMessage(Math.max(...(await Promise.all(calls)).map(({ version }) => version)))
  }
}
