import { OpenMemory } from './index.mjs'
const om = new OpenMemory({ store: process.env.OPENMEMORY_TEST_POSTGRES, embedder: 'test' })
const text = (n) => `Note ${n} of Ada, who likes to walk along the river in the evening when the sun goes down and the birds sing in the trees near the old bridge ${n}`
let t = performance.now()
for (let b = 0; b < 5; b++) await om.addMemories(Array.from({ length: 1000 }, (_, at) => ({ id: `b${b}-${at}`, user_id: 'big', content: text(`${b} ${at}`) })))
console.log('adds of one user/s', Math.round(5000 / (performance.now() - t) * 1000))
t = performance.now()
for (let b = 0; b < 3; b++) await om.addMemories(Array.from({ length: 1000 }, (_, at) => ({ user_id: `u${at % 50}`, content: text(`x ${b} ${at}`) })))
console.log('adds of 50 users/s', Math.round(3000 / (performance.now() - t) * 1000))
t = performance.now()
for (let b = 0; b < 3; b++) await om.updateMemories(Array.from({ length: 1000 }, (_, at) => ({ id: `b${b}-${at}`, content: text(`new ${at}`) })))
console.log('updates in batches/s', Math.round(3000 / (performance.now() - t) * 1000))
for (const [name, user] of [['64 users', (i) => `v${i}`], ['one user', () => 'w']]) {
  const ids = Array.from({ length: 64 }, (_, at) => `${user(at)}-${at}`)
  await om.addMemories(ids.map((id, at) => ({ id, user_id: user(at), content: text(id) })))
  const end = performance.now() + 5000; let n = 0
  await Promise.all(ids.map(async (id) => { for (; performance.now() < end; n++) await om.updateMemory(id, { content: text(n) }) }))
  console.log('64 in flight', name, Math.round(n / 5), '/s')
}
await om.close()
