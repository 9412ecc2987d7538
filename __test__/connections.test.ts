// Without a language model nothing leaves the machine: neither JavaScript nor the addon connects to anything but loopback.

import { expect, test } from '@jest/globals'
import { messageOf } from './helpers/child'
import { freshDirectory } from './helpers/store'

interface Told {
  reached: string[]
  refused: string
  added: number
}

const used = (...outside: string[]) => messageOf<Told>('connections.mjs', freshDirectory(), ...outside)

test('a store without a language model connects to nothing but this machine', async () => {
  expect(await used()).toEqual({ reached: [], refused: 'NO_LANGUAGE_MODEL', added: 200 })
})

test('a connection to elsewhere would be seen', async () => {
  // An address for documentation, which nobody has.
  const { reached } = await used('http://192.0.2.1/')
  expect(reached).toContain('js 192.0.2.1')
})
