// How do memories stay correct? Stores the state of every Node.js line on one day and updates it to a later day.
//
//   npx -y @openmemory/sdk demo                           2024-10-01 and 2026-09-01
//   npx -y @openmemory/sdk demo 2018-06-15 2019-06-15     other dates

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { OpenMemory } from '@openmemory/sdk'
import { linesOn, nextChange, source } from './node-lines.mjs'
import { bold, change, cut, dim, duration, heading, say, table, timed } from './terminal.mjs'

const [earlier = '2024-10-01', later = '2026-09-01'] = process.argv.slice(2)
const next = nextChange(earlier)
if (!(linesOn(earlier).length > 0 && next?.day <= later)) {
  console.error('usage: demo EARLIER LATER    two days as YYYY-MM-DD, with a change of a line between them')
  process.exit(2)
}

const app = { app_id: 'node-releases' }
const ids = new Map() // line → id of its memory
const path = mkdtempSync(join(tmpdir(), 'openmemory-demo-'))
process.on('exit', () => rmSync(path, { recursive: true, force: true }))
process.on('SIGINT', () => process.exit(130))
const om = new OpenMemory({ path })
try {
  await tell()
} finally {
  await om.close()
}

async function tell() {
  const started = performance.now()
  say(bold(`Every Node.js line, as of ${earlier} and of ${later}`))
  say(dim(`data: npm package ${source.name} ${source.version} (${source.license}); the model runs inside this process`))

  const known = linesOn(earlier)
  const [, addTime] = await timed(() => remember(known))
  heading(`1  Remember ${known.length} lines as of ${earlier}`, 'model loading and addMemories', addTime)
  for (const { content } of known.filter(({ tags }) => tags.includes('supported'))) say(`  ${cut(content)}`)

  const questions = questionsAbout(known)
  const [before, askTime] = await timed(() => answers(questions))
  const asked = new Date()
  heading(`2  Ask ${questions.length} questions`, 'searchMemories', askTime)
  say('  step 4 shows these answers next to the later ones')

  await correct(known)

  const [after] = await timed(() => answers(questions))
  say(`\n${bold('4  Ask the same again')}`)
  table([['question', earlier, later], ...before.map(([question, answer], at) => [question, answer, after[at][1]])])

  await lookBack(asked)
  say(dim(`\ndone in ${duration(performance.now() - started)}; the store was a temporary directory and is removed`))
}

async function remember(lines) {
  const memories = lines.map((line) => ({ ...line, ...app }))
  const added = memoriesOf(await om.addMemories(memories, { atomic: true }))
  for (const { id, metadata } of added) ids.set(metadata.line, id)
}

function memoriesOf(results) {
  for (const result of results) if (!result.ok) throw result.error
  return results.map(({ memory }) => memory)
}

function questionsAbout(lines) {
  const named = lines.find(({ tags, metadata }) => tags.includes('supported') && metadata.codename)
  return [
    'Which line is the Active LTS?',
    'Which line gets new features?',
    'Which lines are in maintenance?',
    ...(named ? [`Is Node.js ${named.metadata.codename} still supported?`] : []),
  ]
}

/** The best answer to each question, and the memories that a filter alone selects. */
async function answers(questions) {
  const found = []
  for (const question of questions) {
    const [{ metadata }] = await om.searchMemories(question, { limit: 1, filters: app })
    found.push([question, `${[metadata.line, metadata.codename].join(' ').trim()}, ${metadata.state}`])
  }
  const supported = await om.listMemories({ filters: { ...app, tags: 'supported' }, order: 'created_at:asc' })
  return [...found, ['lines tagged "supported"', linesOf(supported.memories)]]
}

async function correct(known) {
  const first = linesOn(next.day).find(({ metadata }) => metadata.line === next.line)
  const provenance = { actor: 'schedule', reason: `${first.metadata.state} began on ${next.day}` }
  const [updated, oneTime] = await timed(() => om.updateMemory(ids.get(next.line), first, provenance))
  heading(`3  Correct line ${next.line} as of ${next.day}`, 'updateMemory', oneTime)
  const stored = new Map(known.map((line) => [line.metadata.line, line]))
  tellUpdate(stored, updated)
  stored.set(next.line, first)

  const now = linesOn(later)
  const isChanged = ({ content, metadata: { line } }) => stored.has(line) && stored.get(line).content !== content
  const patches = now.filter(isChanged).map((line) => ({ id: ids.get(line.metadata.line), ...line }))
  const [corrected, manyTime] = await timed(() => correctMany(patches))
  heading(`   and what else has changed by ${later}`, 'updateMemories', manyTime)
  for (const memory of corrected) tellUpdate(stored, memory)

  const fresh = now.filter(({ metadata }) => !stored.has(metadata.line))
  if (fresh.length > 0) await remember(fresh)
  const touched = new Set([updated, ...corrected].map(({ id }) => id))
  say(`  new: ${linesOf(fresh) || 'none'}; not touched, still version 1: ${known.length - touched.size} lines`)
}

async function correctMany(patches) {
  if (patches.length === 0) return []
  const options = { actor: 'schedule', reason: `state as of ${later}`, atomic: true }
  return memoriesOf(await om.updateMemories(patches, options))
}

function tellUpdate(stored, { metadata, version }) {
  const before = stored.get(metadata.line).metadata
  const state = before.state === metadata.state ? `still ${before.state}` : `${before.state} → ${metadata.state}`
  say(`  version ${version} of line ${metadata.line}: ${state}`)
}

function linesOf(memories) {
  return memories.map(({ metadata }) => metadata.line).join(', ')
}

async function lookBack(asked) {
  const id = ids.get(next.line)
  const [history, historyTime] = await timed(() => om.getHistory(id))
  heading(`5  How line ${next.line} changed`, 'getHistory', historyTime)
  for (const { version, event, actor, reason, changes } of history) {
    say(`  version ${version}: ${event}${actor ? `, ${actor}: ${reason}` : ''}`)
    for (const one of changes) change(one)
  }

  const [then, atTime] = await timed(() => om.getMemory(id, { asOf: asked }))
  heading('6  What did we believe when we first asked?', 'getMemory at that time', atTime)
  say(`  version ${then.version}: ${cut(then.content, 78)}`)

  const { version } = history[0]
  const wrong = linesOn(later).findLast(({ metadata }) => metadata.line !== next.line)
  const broken = await om.updateMemory(id, wrong, { actor: 'importer', reason: 'a row too far down' })
  const [restored, restoreTime] = await timed(() => om.restoreMemory(id, version))
  heading('7  Undo a mistake', 'restoreMemory', restoreTime)
  say(`  version ${broken.version}, a wrong row: ${cut(broken.content, 62)}`)
  say(`  version ${restored.version}, restored:    ${cut(restored.content, 62)}`)
}
