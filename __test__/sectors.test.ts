// Which sectors does the real model see in a text? Sentences that no prototype and no cue was written for.
import { expect, test } from '@jest/globals'
import type { Sector } from '@openmemory/sdk'
import { openModelStore } from './helpers/store'

const SENTENCES: Record<Sector, string[]> = {
  semantic: [
    'Lisa plays the violin.',
    'The warehouse holds about four thousand pallets.',
    'Rust is a compiled language without a garbage collector.',
    'The contract with Acme renews every January.',
    'Jorge is fluent in Portuguese.',
    'A leap year has 366 days.',
  ],
  episodic: [
    'We celebrated her promotion at the harbour on Saturday evening.',
    'The courier came at 9:15 and nobody opened the door.',
    'Two days ago the database ran out of disk space.',
    'Tom and I watched the eclipse from the roof.',
  ],
  procedural: [
    'Open the valve slowly, wait until the pressure drops, then remove the cap.',
    'For a refund, fill in form B and send it with the receipt to accounting.',
    '1. Clone the repository. 2. Copy the sample configuration. 3. Start the worker.',
    'Knead the dough until it no longer sticks, and let it rise for an hour.',
  ],
  emotional: [
    'The news broke his heart.',
    'I cannot stop smiling since she said yes!',
    'He is terrified of flying.',
    'What a wonderful surprise, I am in tears of joy.',
  ],
  reflective: [
    'I notice that I judge people too quickly.',
    'Growing up without money shaped how I think about success.',
    'Perhaps the real problem was never the deadline but my fear of asking.',
    'What I want from life is to be useful to others.',
  ],
}

test('at least three of four sentences get the primary sector that a reader would give them', async () => {
  const om = openModelStore()
  const wrong: string[] = []
  let all = 0
  for (const [sector, sentences] of Object.entries(SENTENCES)) {
    for (const content of sentences) {
      const { primary_sector } = await om.addMemory({ content })
      all += 1
      if (primary_sector !== sector) wrong.push(`${primary_sector}: ${content}`)
    }
  }
  expect({ wrong, enough: wrong.length <= all / 4 }).toEqual({ wrong, enough: true })
})

test('a text with several sides belongs to several sectors', async () => {
  const { sectors } = await openModelStore().addMemory({
    content:
      'Yesterday I went to the hospital with my sister. To restart the server run systemctl restart nginx. ' +
      'I feel anxious about the result.',
  })
  expect([...sectors].sort()).toEqual(['emotional', 'episodic', 'procedural'])
})
