// The story: an agent acts only on what surely answers. A score means the same in every store and every script.

import { beforeAll, describe, expect, test } from '@jest/globals'
import { openModelStore, openStore } from './helpers/store'

/** The same sentence in several scripts. */
const SENTENCES = {
  English: 'My dog is called Rex and sleeps in the kitchen',
  Chinese: '我的狗叫雷克斯，睡在厨房里',
  Japanese: '私の犬の名前はレックスで、台所で寝ます',
  Korean: '우리 개의 이름은 렉스이고 부엌에서 잡니다',
  Thai: 'สุนัขของฉันชื่อเร็กซ์และนอนในครัว',
  Arabic: 'كلبي اسمه ريكس وينام في المطبخ',
  Hindi: 'मेरे कुत्ते का नाम रेक्स है और वह रसोई में सोता है',
  Russian: 'Мою собаку зовут Рекс, и она спит на кухне',
}

/** A function as the models are whose cosines are all high. */
const close = {
  ...{ id: 'close', dimensions: 32 },
  embed: (texts: string[]) =>
    texts.map((text) => {
      const vector = new Array(32).fill(1.5)
      for (const [at, c] of [...text].entries()) vector[((c.codePointAt(0) as number) * 7 + (at % 3)) % 32] += 1
      return vector
    }),
}

describe.each([
  ['the shipped model', () => openModelStore()],
  ['a function', () => openStore({ embedder: close })],
])('with %s', (_, open) => {
  test('a text equal to the query scores .9 or more in every script, alone and among others', async () => {
    for (const [language, content] of Object.entries(SENTENCES)) {
      const om = open()
      await om.addMemory({ content, metadata: { language } })
      const [hit] = await om.searchMemories(content, { minScore: 0.9 })
      expect(hit?.metadata.language).toBe(language)
      await om.close()
    }
    const om = open()
    await om.addMemories(Object.entries(SENTENCES).map(([language, content]) => ({ content, metadata: { language } })))
    for (const [language, content] of Object.entries(SENTENCES)) {
      const [hit] = await om.searchMemories(content, { minScore: 0.9 })
      expect(hit?.metadata.language).toBe(language)
    }
  })
})

describe('plain facts', () => {
  const FACTS = [
    ['Ada works at Globex as a data engineer', 'What is her job?'],
    ['Ada is allergic to peanuts', 'Which food must she avoid?'],
    ['Ada has a dog named Rex', 'What pet does she have?'],
    ['Ada plays the violin on Sundays', 'Which instrument does she play?'],
    ['Ada prefers window seats on planes', 'Where should I seat her on the flight?'],
    ['Ada met Bob at a conference in Berlin in March 2024', 'When did Ada meet Bob?'],
  ] as const
  let hits: { content: string; score: number }[]

  beforeAll(async () => {
    const om = openModelStore()
    await om.addMemories(FACTS.map(([content]) => ({ content })))
    hits = await Promise.all(FACTS.map(async ([, question]) => (await om.searchMemories(question))[0] as never))
    await om.close()
  })

  test.each(FACTS.map(([content], at) => [content, at] as const))('%s', (content, at) => {
    expect(hits[at]?.content).toBe(content)
    expect(hits[at]?.score).toBeGreaterThanOrEqual(0.1)
  })
})

test('a question that nothing answers scores low', async () => {
  const om = openModelStore()
  await om.addMemories(
    ['Ada has a dog named Rex', 'Bob likes tea', 'The office is in Porto'].map((content) => ({ content })),
  )
  for (const question of ['How do I reset my router?', 'What is the capital of Peru?']) {
    expect(await om.searchMemories(question, { minScore: 0.5 })).toEqual([])
  }
})

describe('what stands out', () => {
  const QUESTION = 'Where does Ada live?'
  const ANSWER = 'Ada lives in a small flat in Lisbon'
  const OTHERS = ['Bob likes tea', 'The office is in Porto', 'Rain is expected on Monday', 'Cats sleep a lot']
  const RIVALS = ['Ada lives near the river', 'Ada lives with her sister', 'Ada lives on the third floor']

  async function score(contents: string[], options = {}) {
    const om = openModelStore()
    await om.addMemories(contents.map((content) => ({ content })))
    const hits = await om.searchMemories(QUESTION, { limit: 10, ...options })
    await om.close()
    return hits
  }

  test('scores more than one of several that have as much to show', async () => {
    const [alone] = await score([ANSWER, ...OTHERS])
    const among = await score([ANSWER, ...RIVALS, ...OTHERS])
    expect(alone?.content).toBe(ANSWER)
    expect(alone?.score).toBeGreaterThan(0.8)
    for (const rival of among.slice(0, 4)) {
      expect(rival.content).toMatch(/^Ada lives/)
      expect(rival.score).toBeGreaterThan(0.45)
      expect(rival.score).toBeLessThan(0.75)
    }
  })

  test('scores the same beside memories that say the same', async () => {
    const [alone] = await score([ANSWER, ...OTHERS])
    const [first, second, third] = await score([ANSWER, ANSWER, `${ANSWER}.`, ...OTHERS])
    expect(first?.score).toBeGreaterThan((alone?.score as number) - 0.05)
    expect(second?.score).toBeCloseTo(first?.score as number, 2)
    expect(third?.score).toBeCloseTo(first?.score as number, 2)
  })

  test('scores the same whatever part of the hits is asked for', async () => {
    const om = openModelStore()
    const all = [ANSWER, ...RIVALS, ...OTHERS].map((content, at) => ({ content, metadata: { even: at % 2 === 0 } }))
    await om.addMemories(all)
    const found = async (options: object) =>
      (await om.searchMemories(QUESTION, options)).map(({ id, score }) => [id, score] as const)
    const whole = await found({ limit: 10 })
    // Salience fades while the test runs.
    const part = (from: number, to: number) =>
      whole.slice(from, to).map(([id, score]) => [id, expect.closeTo(score, 4)])
    expect(await found({ limit: 1 })).toEqual(part(0, 1))
    expect(await found({ limit: 2, offset: 1 })).toEqual(part(1, 3))
    expect(await found({ limit: 10, minScore: (whole[2]?.[1] as number) - 0.001 })).toEqual(part(0, 3))
  })

  test('is compared with what the filter admits', async () => {
    const om = openModelStore()
    const add = (content: string, kind: string) => om.addMemory({ content, metadata: { kind } })
    await add(ANSWER, 'fact')
    for (const content of RIVALS) await add(content, 'note')
    for (const content of OTHERS) await add(content, 'fact')
    const [among] = (await om.searchMemories(QUESTION)).filter(({ content }) => content === ANSWER)
    const [alone] = await om.searchMemories(QUESTION, { filters: { 'metadata.kind': 'fact' } })
    expect(alone?.content).toBe(ANSWER)
    expect(alone?.score).toBeGreaterThan((among?.score as number) + 0.1)
  })
})

test('in a language that the model does not know, a single memory does not answer everything', async () => {
  const om = openModelStore()
  await om.addMemory({ content: 'Meine Schwester arbeitet in einem Krankenhaus' })
  const score = async (query: string) => (await om.searchMemories(query))[0]?.score as number
  expect(await score('Wo arbeitet meine Schwester?')).toBeGreaterThan(0.9)
  for (const stranger of ['Wann ist das Fest der Kinder?', 'Wie heißt der Hund?', 'Wie viel kostet die Miete?']) {
    expect(await score(stranger)).toBeLessThan(0.5)
  }
})

test('distinguishing signs, rare tokens and emoji are evidence', async () => {
  const om = openModelStore()
  const texts = ['Ada writes C#', 'Ada writes C++', 'Ada has an A+ in maths', 'Error E1234 is a full disk']
  const moods = ['Mon 🙂', 'Tue 😡', 'Wed 🎉', 'Fri 🥜']
  await om.addMemories([...texts, ...moods].map((content) => ({ content })))
  for (const [query, content] of [
    ['C#', texts[0]],
    ['C++', texts[1]],
    ['A+', texts[2]],
    ['E1234', texts[3]],
    ['😡', moods[1]],
    ['🎉', moods[2]],
    ['When was my mood 😡?', moods[1]],
  ]) {
    const [first, second] = await om.searchMemories(query as string)
    expect([query, first?.content]).toEqual([query, content])
    expect(first?.score).toBeGreaterThan(0.3)
    expect(first?.score).toBeGreaterThan(second?.score as number)
  }
})

test('explain adds up to the score', async () => {
  const om = openModelStore()
  await om.addMemories([
    { content: 'Shall we meet at noon?', run_id: 'r' },
    { content: 'Yes, at the station', run_id: 'r' },
    ...Array.from({ length: 20 }, (_, n) => ({ content: `note ${n} about meetings` })),
  ])
  for (const { score, similarity, explain } of await om.searchMemories('Where do we meet at noon?', {
    limit: 22,
    explain: true,
  })) {
    const x = Object.values(explain ?? {}).reduce((sum, { value, weight }) => sum + value * weight, 0)
    expect(score).toBeCloseTo(1 / (1 + Math.exp(-x * (x < 0 ? 1 : 0.055))), 4)
    // By its own measure the shipped model's cosines are spread as they are.
    expect(explain?.dense?.value).toBeCloseTo(similarity, 1)
  }
})
