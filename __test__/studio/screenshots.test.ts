// Are the pictures of the guide the five views, light and dark, and does the script that takes them still work?

import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { freshDirectory } from '../helpers/store'

const ROOT = join(__dirname, '..', '..')
const PICTURES = ['memories', 'memory', 'overview', 'review', 'search'].flatMap((view) => [
  ...[`${view}-dark.png`, `${view}-light.png`],
])

test('the script takes ten different pictures', () => {
  const out = freshDirectory()
  const script = join(ROOT, 'scripts', 'studio-screenshots.mjs')
  const { status, stderr } = spawnSync(process.execPath, [script, '--out', out], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
  expect(readdirSync(out).sort()).toEqual(PICTURES)
  const contents = PICTURES.map((name) => readFileSync(join(out, name)).toString('base64'))
  expect(new Set(contents).size).toBe(PICTURES.length)
})

test('the guide has the pictures that the script takes', () => {
  const directory = join(ROOT, 'docs', 'images', 'studio')
  expect(readdirSync(directory).sort()).toEqual(PICTURES)
  const sizes = PICTURES.map((name) => statSync(join(directory, name)).size)
  expect(Math.max(...sizes)).toBeLessThan(200_000)
  const guide = readFileSync(join(ROOT, 'docs', 'guide', 'studio.md'), 'utf8')
  for (const view of ['memories', 'memory', 'overview', 'review', 'search'])
    expect(guide).toContain(`${view}-light.png`)
})
