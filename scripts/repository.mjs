// Where is this package developed? The address is a placeholder, which the publisher replaces once, before the first
// release. Packing and installing locally work with the placeholder.
//
// `npm run set:repository -- https://github.com/you/openmemory` writes the address into every file that names it.
// `npm run check:repository` rejects a placeholder, and on GitHub Actions any address except that of the repository that
// runs it, which npm compares with the provenance of the packages.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { models, platforms, readJson, root } from './platform.mjs'

const PLACEHOLDER = 'https://github.com/OWNER/REPOSITORY'
const FILES = [
  'package.json',
  ...[...platforms(), ...models()].map((folder) => `npm/${folder}/package.json`),
  ...['clients/python/pyproject.toml', 'SECURITY.md', '.github/ISSUE_TEMPLATE/config.yml', 'server.json'],
]

const current = readJson(join(root, 'package.json')).bugs.url.replace(/\/issues$/, '')
const { values, positionals } = parseArgs({ allowPositionals: true, options: { check: { type: 'boolean' } } })
try {
  if (values.check) check()
  else set(positionals[0])
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}

function check() {
  const left = FILES.filter((file) => text(file).includes(PLACEHOLDER))
  if (left.length > 0) {
    throw new Error(`${left.join(', ')}: run "npm run set:repository -- URL" before you publish, and commit the result`)
  }
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env
  const building = GITHUB_REPOSITORY && `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`
  if (building && building !== current) throw new Error(`package.json names ${current}, but ${building} publishes`)
}

function set(url) {
  if (!/^https:\/\/[\w.-]+\/[\w./-]+[\w-]$/.test(url ?? '') || url.endsWith('.git')) {
    throw new Error('Give the address of the repository: https://github.com/you/openmemory')
  }
  // The registry of MCP servers knows a server by its owner's name on GitHub.
  const server = (of) => `io.github.${new URL(of).pathname.split('/')[1]}/openmemory`
  for (const file of FILES) {
    const named = text(file).replaceAll(current, url).replaceAll(server(current), server(url))
    writeFileSync(join(root, file), named)
  }
}

function text(file) {
  return readFileSync(join(root, file), 'utf8')
}
