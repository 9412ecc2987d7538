// Makes memories and questions with known answers, for fit-scores.mjs, of XQuAD: 48 articles of Wikipedia in eleven
// languages, with questions on their paragraphs (Artetxe et al., 2020; CC BY-SA 4.0, github.com/google-deepmind/xquad).
//   node benchmark/xquad.mjs xquad.es.json memories.json [--paragraphs]
// Each sentence is a memory, or each paragraph; four users share the articles.

import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'

const USERS = 4
/** Where a sentence ends: before a capital letter, after the full stops of other scripts. */
const ENDS = /(?<=[.!?])["”»)]?\s+(?=["“«(]?[^\s.a-z])|(?<=[。！？])|(?<=[।])\s*|(?<=[؟!.])\s+/g
/** Shorter pieces are joined with the next, in characters: abbreviations end with full stops too. */
const SHORTEST = 25
const SHORTEST_UNSPACED = 12

const { values, positionals } = parseArgs({ options: { paragraphs: { type: 'boolean' } }, allowPositionals: true })
const [source, target] = positionals
if (!source || !target) {
  console.error('usage: node benchmark/xquad.mjs FILE OUTPUT [--paragraphs]')
  process.exit(2)
}
const users = Array.from({ length: USERS }, (_, at) => ({ user: `u${at}`, memories: [], queries: [] }))
for (const [article, { paragraphs }] of JSON.parse(readFileSync(source, 'utf8')).data.entries()) {
  const { memories, queries } = users[article % USERS]
  for (const [paragraph, { context, qas }] of paragraphs.entries()) {
    const pieces = values.paragraphs ? [{ from: 0, to: context.length }] : sentences(context)
    const id = (at) => `${article}:${paragraph}:${at}`
    memories.push(...pieces.map(({ from, to }, at) => ({ id: id(at), text: context.slice(from, to).trim(), tags: [] })))
    for (const { question, answers } of qas) {
      const start = [...context].slice(0, answers[0].answer_start).join('').length
      const at = pieces.findIndex(({ from, to }) => from <= start && start < to)
      if (at >= 0) queries.push({ text: question, gold: [id(at)] })
    }
  }
}
writeFileSync(target, JSON.stringify({ users }))
console.log(users.map(({ memories, queries }) => `${memories.length} memories, ${queries.length} questions`).join('\n'))

function sentences(text) {
  const shortest = /\p{Script=Han}/u.test(text) ? SHORTEST_UNSPACED : SHORTEST
  const pieces = []
  let from = 0
  for (const { index, 0: space } of text.matchAll(ENDS)) {
    const to = index + space.length
    if (text.slice(from, to).trim().length < shortest) continue
    pieces.push({ from, to })
    from = to
  }
  if (text.slice(from).trim()) pieces.push({ from, to: text.length })
  return pieces
}
