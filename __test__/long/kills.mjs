// Kills a server while it learns, again and again: a learning is there whole or not at all, and what was answered is never
// lost, neither an add nor the correction that a bad rating asks for. `--rounds N`, `--seed N`.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { OpenMemory } from '@openmemory/sdk'

/** Calls of a round; half are Mem0's adds, which are answered before their work, and half are answered after it. */
const CALLS = 6
/** Each call says two things, so a learning of one memory is half of one. */
const facts = (i) => [`likes dish number${'abcdef'[i]}`, `owns plant number${'abcdef'[i]}`]
/** A round is killed within so many milliseconds of its first call. */
const LATEST = 300

if (process.argv[2] === 'serve') await serve(process.argv[3], process.argv[4])
else await rounds()

async function serve(path, modelUrl) {
  const languageModel = { url: modelUrl, model: 'scripted' }
  const om = new OpenMemory({ path, embedder: 'test', languageModel })
  const server = await om.serve({ port: 0 })
  process.send(server.port)
}

async function rounds() {
  const { values } = parseArgs({ options: { rounds: { type: 'string' }, seed: { type: 'string' } } })
  const [rounds, seed] = [Number(values.rounds ?? 500), Number(values.seed ?? Date.now() % 1e9)]
  const random = randomOf(seed)
  const model = await scriptedModel(random)
  const directory = mkdtempSync(join(tmpdir(), 'openmemory-kills-'))
  const told = { answered: 0, unanswered: 0, wholly: 0, resumed: 0, rated: 0, corrected: 0 }
  try {
    for (let round = 0; round < rounds; round++) {
      await oneRound(round, join(directory, 'store'), model.url, random, told)
      if ((round + 1) % 50 === 0) console.log(`${round + 1} rounds ${JSON.stringify(told)}`)
    }
    console.log(`kills: ${rounds} rounds, seed ${seed}, nothing lost and nothing in halves: ${JSON.stringify(told)}`)
  } catch (error) {
    console.error(`seed ${seed}: ${error.stack}`)
    process.exitCode = 1
  } finally {
    model.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function oneRound(round, path, modelUrl, random, told) {
  const first = await started(path, modelUrl)
  const users = [`mem0-${round}`, `own-${round}`]
  const rated = await added(first.url, `rated-${round}`)
  const rating = rate(first.url, rated)
  const begun = Array.from({ length: CALLS }, (_, i) => call(first.url, users[i % 2], i))
  await delay(random() * LATEST)
  await killed(first.child)
  const outcomes = await Promise.all(begun)
  const correction = await rating

  const second = await started(path, modelUrl)
  const om = new OpenMemory({ url: second.url })
  for (const user of users) await allWhole(om, user)
  for (const { event, learnt, user, i } of outcomes) {
    const answered = event !== undefined || learnt
    told[answered ? 'answered' : 'unanswered'] += 1
    if (event !== undefined) told.resumed += Number(await worked(second.url, event))
    const texts = await textsOf(om, user)
    const found = facts(i).filter((fact) => texts.includes(`Ada ${fact}`)).length
    if (answered && found !== 2)
      throw new Error(`round ${round}: an answered call of ${user} left ${found} of 2 memories`)
    told.wholly += Number(found === 2)
  }
  for (const user of users) await allWhole(om, user)
  if (correction !== undefined) {
    told.rated += 1
    told.resumed += Number(await worked(second.url, correction))
  }
  told.corrected += Number(await isCorrected(om, rated, correction !== undefined))
  await om.close()
  await killed(second.child)
}

async function killed(child) {
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

async function call(url, user, i) {
  const content = facts(i)
    .map((fact) => `Well, Ada ${fact}.`)
    .join(' ')
  const mem0 = user.startsWith('mem0')
  const body = { user_id: user, messages: [{ role: 'user', content }] }
  try {
    const response = await fetch(`${url}${mem0 ? '/v3/memories/add/' : '/memory/learn'}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const answer = await response.json()
    if (!response.ok) throw new Error(`refused: ${JSON.stringify(answer)}`)
    return { user, i, event: mem0 ? answer.event_id : undefined, learnt: !mem0 }
  } catch (error) {
    if (/^refused/.test(error.message)) throw error
    return { user, i, event: undefined, learnt: false }
  }
}

async function post(url, path, body) {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  const answer = await response.json()
  if (!response.ok) throw new Error(`refused: ${JSON.stringify(answer)}`)
  return answer
}

async function added(url, user_id) {
  return post(url, '/memory/add', { content: 'Ada lives in Lisbon', user_id, created_at: '2024-06-10' })
}

/** Says that a memory is wrong; the event of its correction, once that was answered. */
async function rate(url, { id }) {
  const rating = { memory_id: id, feedback: 'NEGATIVE', feedback_reason: 'She lives in Porto' }
  try {
    const { event_id: event } = await post(url, '/v1/feedback/', rating)
    if (event === undefined) throw new Error('refused: it was not handed over')
    return event
  } catch (error) {
    if (/^refused/.test(error.message)) throw error
    return undefined
  }
}

/** @throws {Error} if a correction waits more than once, or was answered and does not wait. */
async function isCorrected(om, { id, user_id }, wasAnswered) {
  const { learnings } = await om.listLearnings({ user_id })
  const waiting = learnings
    .flatMap(({ operations }) => operations)
    .filter((operation) => operation.operation?.id === id)
  if (waiting.length > 1 || (wasAnswered && waiting.length === 0)) {
    throw new Error(`${user_id}: ${waiting.length} corrections wait, and ${wasAnswered ? 'one' : 'none'} was answered`)
  }
  return waiting.length === 1
}

/** Waits for an answered add; whether it was not done yet when the server came back. */
async function worked(url, event) {
  for (let waited = 0; waited < 1000; waited++) {
    const { status, error } = await (await fetch(`${url}/v1/event/${event}/`)).json()
    if (status === 'SUCCEEDED') return waited > 0
    if (status !== 'PENDING' && status !== 'RUNNING') throw new Error(`event ${event} is ${status}: ${error}`)
    await delay(10)
  }
  throw new Error(`event ${event} is not done after ten seconds`)
}

async function textsOf(om, user) {
  const { memories } = await om.listMemories({ filters: { user_id: user }, limit: 1000 })
  return memories.map(({ content }) => content)
}

/** @throws {Error} if a learning is there in half, or twice. */
async function allWhole(om, user) {
  const texts = await textsOf(om, user)
  for (let i = 0; i < CALLS; i++) {
    const counts = facts(i).map((fact) => texts.filter((text) => text === `Ada ${fact}`).length)
    if (counts[0] !== counts[1] || counts[0] > 1) throw new Error(`${user}: memories of a call ${counts}`)
  }
}

async function started(path, modelUrl) {
  const child = fork(fileURLToPath(import.meta.url), ['serve', path, modelUrl])
  const [port] = await once(child, 'message')
  return { child, url: `http://127.0.0.1:${port}` }
}

/** Adds a memory for each thing that a message says, and corrects where Ada lives, after a while. */
async function scriptedModel(random) {
  const server = createServer(async (request, response) => {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const asked = JSON.parse(JSON.parse(Buffer.concat(chunks)).messages[1].content)
    const operations = asked.messages.flatMap(({ m, text }) =>
      [...text.matchAll(/Ada (?:likes dish|owns plant) number\w/g)].map(([quote]) => ({
        ...{ op: 'add', memory: null, others: [], message: m, quote, text: quote, change: null },
        ...{ from: null, until: null, because: 'said' },
      })),
    )
    const lisbon = asked.memories.find(({ text }) => text === 'Ada lives in Lisbon')
    const says = asked.messages.find(({ text }) => text === 'She lives in Porto')
    if (lisbon && says) {
      operations.push({
        ...{
          op: 'update',
          memory: lisbon.n,
          others: [],
          message: says.m,
          quote: 'lives in Porto',
          change: 'correction',
        },
        ...{ text: 'Ada lives in Porto', from: null, until: null, because: 'said' },
      })
    }
    await delay(random() * 40)
    response.writeHead(200, { 'content-type': 'application/json' })
    const message = { role: 'assistant', content: JSON.stringify({ operations }) }
    response.end(JSON.stringify({ choices: [{ message, finish_reason: 'stop' }] }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${server.address().port}/v1`, close: () => server.close() }
}

/** A sequence that depends on the seed only. */
function randomOf(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
