// The demo, run as a user runs it. Facts about Node.js lines are those of the days that it is asked for.

import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { freshDirectory } from './helpers/store'

const root = join(__dirname, '..')
const demo = join(root, 'examples', 'demo.mjs')

test('the demo shows past states and changes, and undoes a mistake', () => {
  const temporary = freshDirectory()
  const output = run([], temporary)

  expect(rowOf(output, 'question')).toEqual(['2024-10-01', '2026-09-01'])
  expect(rowOf(output, 'Which line is the Active LTS?')).toEqual(['20 Iron, Active LTS', '24 Krypton, Active LTS'])
  expect(rowOf(output, 'Which line gets new features?')).toEqual(['22 Jod, Current', '26 Lithium, Current'])
  expect(rowOf(output, 'Which lines are in maintenance?')).toEqual(['18 Hydrogen, Maintenance', '22 Jod, Maintenance'])
  expect(rowOf(output, 'Is Node.js Hydrogen still supported?')).toEqual([
    '18 Hydrogen, Maintenance',
    '18 Hydrogen, End-of-life',
  ])
  expect(rowOf(output, 'lines tagged "supported"')).toEqual(['18, 20, 22', '22, 24, 26'])

  expect(output).toContain('version 2 of line 18: Maintenance → End-of-life')
  expect(output).toContain('version 2 of line 20: Active LTS → Maintenance')
  expect(output).toContain('version 3 of line 20: Maintenance → End-of-life')
  expect(output).toContain('version 2 of line 22: Current → Maintenance')
  expect(output).toContain('new: 23, 24, 25, 26; not touched, still version 1: 19 lines')

  const history = output.slice(output.indexOf('How line 20 changed'))
  expect(history).toMatch(/version 3: UPDATE.*metadata\.state +Maintenance → End-of-life.*version 2: UPDATE/s)
  expect(history).toMatch(/version 2: UPDATE.*metadata\.latest +20\.17\.0 → 20\.18\.0.*version 1: ADD/s)
  expect(history).toMatch(/version 1: Node\.js 20 \(Iron\) is the Active LTS line/)
  expect(history).toMatch(/version 4, a wrong row: +Node\.js 26 \(Lithium\)/)
  expect(history).toMatch(/version 5, restored: +Node\.js 20 \(Iron\) is end-of-life since 2026-04-30/)

  expect(output).not.toContain('\x1b')
  expect(readdirSync(temporary)).toEqual([])
})

test('the demo computes its facts from the data for any two days', () => {
  const output = run(['2018-06-15', '2019-06-15'], freshDirectory())
  expect(rowOf(output, 'Which line is the Active LTS?')).toEqual(['8 Carbon, Active LTS', '10 Dubnium, Active LTS'])
  expect(rowOf(output, 'lines tagged "supported"')).toEqual(['6, 8, 9, 10', '8, 10, 12'])
  expect(output).toContain('version 2 of line 9: Maintenance → End-of-life')
  expect(output).toContain('version 2 of line 10: Current → Active LTS')
  expect(output).toContain('new: 11, 12; not touched, still version 1: 6 lines')
})

test('days between which nothing changed are wrong usage', () => {
  const { status, stderr } = spawnSync(process.execPath, [demo, '2024-10-01', '2024-10-02'], { encoding: 'utf8' })
  expect(status).toBe(2)
  expect(stderr).toMatch(/^usage: /)
})

test('the demo runs from the files of the package alone', () => {
  const installed = join(freshDirectory(), 'node_modules', '@openmemory', 'sdk')
  const listed = readFileSync(join(root, 'scripts', 'package-files.txt'), 'utf8')
    .trim()
    .split('\n')
  const addon = readdirSync(root).find((name) => /^openmemory\..+\.node$/.test(name)) as string
  // The platform's package, which npm installs next to it, contains only the addon.
  for (const file of [...listed, addon]) {
    mkdirSync(dirname(join(installed, file)), { recursive: true })
    copyFileSync(join(root, file), join(installed, file))
  }
  const command = join(installed, 'dist', 'cli', 'index.js')
  const output = execFileSync(process.execPath, [command, 'demo'], { encoding: 'utf8' })
  expect(rowOf(output, 'Which line is the Active LTS?')).toEqual(['20 Iron, Active LTS', '24 Krypton, Active LTS'])
})

test('the data of the demo is that of the development dependency, with its licence', () => {
  const { source, schedule, releases } = JSON.parse(
    readFileSync(join(root, 'examples', 'node-releases.json'), 'utf8'),
  ) as Record<string, never>
  const installed = (file: string) => readFileSync(join(root, 'node_modules', 'node-releases', file), 'utf8')
  const { version } = JSON.parse(installed('package.json')) as { version: string }
  expect(source).toEqual({ name: 'node-releases', version, license: 'MIT', notice: installed('LICENSE').trim() })
  expect(schedule).toEqual(JSON.parse(installed('data/release-schedule/release-schedule.json')))
  const all = JSON.parse(installed('data/processed/envs.json')) as { version: string; date: string }[]
  expect(releases).toEqual(all.map(({ version, date }) => [version, date]))
})

function run(days: string[], temporary: string): string {
  const env = { ...process.env, TMPDIR: temporary, TEMP: temporary, TMP: temporary }
  return execFileSync(process.execPath, [demo, ...days], { encoding: 'utf8', env })
}

/** The two answers next to a question. */
function rowOf(output: string, question: string): string[] {
  const row = output.split('\n').find((line) => line.trim().startsWith(question)) ?? ''
  return row.trim().slice(question.length).trim().split(/ {3,}/)
}
