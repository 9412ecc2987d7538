import process from 'node:process'
import { isMainThread, Worker } from 'node:worker_threads'

if (isMainThread) {
  const ends = [1, 2].map(
    () =>
      new Promise((resolve, reject) => {
        const worker = new Worker(new URL(import.meta.url))
        worker.once('error', reject)
        worker.once('exit', resolve)
      }),
  )
  if ((await Promise.all(ends)).some((code) => code !== 0)) process.exit(1)
} else {
  const [sdk, { correctAndFind }] = await Promise.all([import('@openmemory/sdk'), import('./correct-and-find.mjs')])
  await correctAndFind(sdk, 'test')
}
