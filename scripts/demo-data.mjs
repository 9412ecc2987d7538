// Which Node.js releases does the demo know? Writes examples/node-releases.json, which the package ships, from the
// development dependency `node-releases`. Run it after updating that; a test reports when.

import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const { name, version, license } = require('node-releases/package.json')
const notice = readFileSync(require.resolve('node-releases/LICENSE'), 'utf8').trim()
const schedule = require('node-releases/data/release-schedule/release-schedule.json')
const releases = require('node-releases/data/processed/envs.json')

const lines = [
  '{',
  `  "source": ${JSON.stringify({ name, version, license, notice })},`,
  `  "schedule": ${JSON.stringify(schedule)},`,
  '  "releases": [',
  releases.map(({ version, date }) => `    ${JSON.stringify([version, date])}`).join(',\n'),
  '  ]',
  '}',
]
writeFileSync(fileURLToPath(new URL('../examples/node-releases.json', import.meta.url)), `${lines.join('\n')}\n`)
