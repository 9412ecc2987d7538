// Which third-party work is in the packages, and under which licences? Writes studio/THIRD_PARTY_NOTICES.txt for the
// package with the studio, and THIRD_PARTY_NOTICES.txt for those with a binary, from Cargo.lock and the sources of all
// crates that are linked on any platform. Other build-time dependencies are not included. `npm run notices` writes the
// files, `npm run notices -- --check` compares them. Needs the sources of the crates, as after a build.

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { readJson, root } from './platform.mjs'

export const NOTICES = 'THIRD_PARTY_NOTICES.txt'
const STUDIO_NOTICES = `studio/${NOTICES}`

/** Crates that a build script of ours takes data from, which is in the binary. */
const COPIED_FROM = ['stop-words']

/** The packages whose code Vite puts into the studio. */
const STUDIO = ['@preact/signals', '@preact/signals-core', 'preact', 'swagger-ui-dist']

const LICENCE_FILE = /^(licen[cs]e|copying|copyright|notice|unlicense)([-_.].*)?$/i
/** Directories of a crate that are not compiled. */
const NOT_COMPILED = /^(\..*|target|tests?|bench(es)?|examples?|fuzz|docs?)$/

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    if (process.argv.includes('--check')) checkNotices()
    else for (const [file, text] of Object.entries(notices())) writeFileSync(join(root, file), text)
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
  }
}

/** Throws if a file does not match the lock files. */
export function checkNotices() {
  for (const [name, text] of Object.entries(notices())) {
    const file = join(root, name)
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
    throw new Error(`${name} is not that of the lock files: run "npm run notices" and look at what has changed`)
  }
}

/** The texts of the two files. */
function notices() {
  const studio = STUDIO.map(studioNotice)
  const first = 'What the studio contains that others wrote. Each of it may be given away with this notice.'
  return { [NOTICES]: all(studio), [STUDIO_NOTICES]: `${[first, ...studio].join('\n\n')}\n` }
}

function all(studio) {
  const texts = new Map()
  const number = (text) => {
    const key = words(text)
    if (!texts.has(key)) texts.set(key, tidy(text))
    return [...texts.keys()].indexOf(key) + 1
  }
  const lines = linkedCrates().map((crate) => {
    const numbers = [
      ...new Set(
        textsOf(crate)
          .flatMap(parts)
          .map((text) => `[${number(text)}]`),
      ),
    ]
    const where = crate.repository ? `, ${crate.repository}` : ''
    return `${crate.name} ${crate.version}: ${crate.license}${where} ${numbers.join(' ')}`
  })
  const sections = [
    'What the packages of @openmemory/sdk contain that others wrote. Each of it may be given away with this notice.',
    heading('The embedding model'),
    readFileSync(join(root, 'model', 'NOTICE'), 'utf8').trim(),
    heading('The Rust standard library'),
    'Copyright (c) The Rust Project Contributors. Licensed under MIT or Apache-2.0, at your option, with parts under\n' +
      'other permissive licences: https://www.rust-lang.org/policies/licenses\n\n' +
      mit('The Rust Project Contributors'),
    heading('The studio'),
    ...studio,
    heading('Crates'),
    'Those of all platforms; a binary contains most of them. The numbers are those of the texts below.\n\n' +
      lines.join('\n'),
    heading('Texts'),
    ...[...texts.values()].map((text, at) => `${'-'.repeat(8)} [${at + 1}]\n\n${text}`),
  ]
  return `${sections.join('\n\n')}\n`
}

/** With what the package says of the packages that it contains itself. */
function studioNotice(name) {
  const folder = join(root, 'node_modules', name)
  const { version, license } = readJson(join(folder, 'package.json'))
  const files = ['NOTICE', 'swagger-ui-es-bundle.js.LICENSE.txt', ...(license === 'Apache-2.0' ? [] : ['LICENSE'])]
  const texts = files.map((file) => join(folder, file)).filter(existsSync)
  return [`${name} ${version}: ${license}`, ...texts.map((file) => tidy(readFileSync(file, 'utf8')))].join('\n\n')
}

/** The crates that are linked into the addon on any platform, by name. */
function linkedCrates() {
  const { napi } = readJson(join(root, 'package.json'))
  const platforms = napi.targets.flatMap((target) => ['--filter-platform', target])
  const metadata = JSON.parse(cargo(['metadata', '--locked', '--format-version', '1', ...platforms]))
  const packages = new Map(metadata.packages.map((crate) => [crate.id, crate]))
  const nodes = new Map(metadata.resolve.nodes.map((node) => [node.id, node]))
  const linked = new Set([metadata.resolve.root])
  for (const id of linked) {
    for (const { pkg, dep_kinds } of nodes.get(id).deps) {
      const crate = packages.get(pkg)
      const isLinked = dep_kinds.some(({ kind }) => kind === null) || COPIED_FROM.includes(crate.name)
      if (isLinked && !isMacro(crate)) linked.add(pkg)
    }
  }
  const byName = (one, other) => compare(one.name, other.name) || compare(one.version, other.version)
  // Crates without a source are our own.
  return [...linked]
    .map((id) => packages.get(id))
    .filter(({ source }) => source !== null)
    .sort(byName)
}

function isMacro({ targets }) {
  return targets.some(({ kind }) => kind.includes('proc-macro'))
}

/** The licence files of a crate, or the text of the licence under which we use it. */
function textsOf(crate) {
  const files = licenceFiles(dirname(crate.manifest_path))
  if (crate.license === null && files.length === 0) throw new Error(`${crate.name} has no licence`)
  if (files.length > 0) return files.map((file) => readFileSync(file, 'utf8'))
  const offered = crate.license.split(/ OR |\//)
  if (offered.includes('MIT')) return [mit(crate.authors.join(', ') || `the authors of ${crate.name}`)]
  if (offered.includes('Apache-2.0')) return [readFileSync(join(root, 'LICENSE'), 'utf8')]
  throw new Error(`${crate.name} has no text of ${crate.license}; add one in scripts/notices.mjs`)
}

/** Includes licences of vendored code, such as C sources. */
function licenceFiles(folder) {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((one, other) => compare(one.name, other.name))
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return NOT_COMPILED.test(entry.name) ? [] : licenceFiles(path)
    return LICENCE_FILE.test(entry.name) && !/\.(rs|toml|json|html)$/.test(entry.name) ? [path] : []
  })
}

/** The terms of Apache-2.0, which never vary, and what follows them unless that is only the form to fill in. */
function parts(text) {
  const end = 'END OF TERMS AND CONDITIONS'
  const [terms, ...after] = text.split(end)
  const rest = after.join(end)
  return /^\s*$|[[{](yyyy|year)[\]}]/.test(rest) ? [terms] : [terms, rest]
}

/** A normal form in which texts that differ only in line breaks or punctuation are equal. */
function words(text) {
  return text
    .replace(/[\s"“”'`*#=-]+/g, ' ')
    .replace('http:', 'https:')
    .trim()
    .toLowerCase()
}

function tidy(text) {
  const lines = text.replaceAll('\r', '').replaceAll('\f', '').split('\n')
  return lines
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .replace(/^\n+|\n+$/g, '')
}

function heading(title) {
  return `${'='.repeat(8)} ${title}`
}

function mit(holders) {
  return `MIT License

Copyright (c) ${holders}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`
}

function compare(one, other) {
  return one < other ? -1 : Number(one > other)
}

function cargo(args) {
  return execFileSync('cargo', args, {
    ...{ cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'inherit'] },
    shell: process.platform === 'win32',
  })
}
