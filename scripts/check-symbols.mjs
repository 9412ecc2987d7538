// Which Linux systems does a binary support, and does it reveal the build machine? Reads the libraries and symbol
// versions that built addons need, and searches them for paths of this machine. `npm run check:symbols -- FILE…
// [--glibc 2.17]`; needs readelf (binutils), on any system.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename, sep } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { BUILD_PATHS } from './build-paths.mjs'

/** Libraries of every glibc system. libgcc_s is an optional package on small systems, so it is not included. */
const GLIBC_LIBRARIES = /^(lib(c|m|dl|rt|pthread)\.so\.\d|ld-linux-[\w-]+\.so\.\d)$/
const MUSL_LIBRARIES = /^(libc\.musl-\w+\.so\.1|libc\.so|libgcc_s\.so\.1)$/
/** The only function that Node needs; further exports could clash with other addons. */
const ENTRY = 'napi_register_module_v1'

const { files, floor } = options()
let wrong = 0
for (const file of files) {
  const bytes = readFileSync(file)
  const libraries = [...readelf('--dynamic', file).matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name)
  const musl = file.includes('-musl')
  const strange = libraries.filter((name) => !(musl ? MUSL_LIBRARIES : GLIBC_LIBRARIES).test(name))
  const versions = [...readelf('--version-info', file).matchAll(/\bGLIBC_(\d+(?:\.\d+)*)/g)].map(
    ([, version]) => version,
  )
  const highest = versions.sort(byVersion).at(-1)
  const exported = [...readelf('--dyn-syms', file).matchAll(/(?:GLOBAL|WEAK)\s+\S+\s+\d+ (\S+)/g)].map(
    ([, name]) => name,
  )
  const problems = [
    ...strange.map((name) => `asks for ${name}`),
    ...(musl && highest ? [`asks for glibc ${highest}`] : []),
    ...(highest && byVersion(highest, floor) > 0 ? [`asks for glibc ${highest}, newer than ${floor}`] : []),
    ...(exported.includes(ENTRY) ? [] : [`does not export ${ENTRY}`]),
    ...exported.filter((name) => name !== ENTRY).map((name) => `exports ${name}`),
    ...pathsIn(bytes),
  ]
  const about = [`${(bytes.length / 1e6).toFixed(1)} MB`, `glibc ${highest ?? 'none'}`, libraries.join(' ')]
  console.log(`${basename(file)}: ${about.join(', ')}`)
  for (const problem of problems) console.log(`  ${problem}`)
  wrong += problems.length
}
process.exitCode = wrong === 0 ? 0 : 1

/** Paths of this machine, and cargo's source directory on any machine. */
function pathsIn(bytes) {
  const text = bytes.toString('latin1')
  const found = BUILD_PATHS.filter((path) => text.includes(`${path}${sep}`))
  const elsewhere = /[/\\]\.cargo[/\\]registry[/\\]/.exec(text) ?? []
  return [...found, ...elsewhere].map((path) => `holds the path ${path}`)
}

function readelf(flag, file) {
  const options = { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' }, maxBuffer: 2 ** 28 }
  try {
    return execFileSync('readelf', [flag, '--wide', file], options)
  } catch (error) {
    const why = error.code === 'ENOENT' ? 'readelf was not found; it comes with binutils' : error.message
    console.error(why)
    return process.exit(2)
  }
}

function byVersion(one, other) {
  const [a, b] = [one, other].map((version) => version.split('.').map(Number))
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    if ((a[at] ?? 0) !== (b[at] ?? 0)) return (a[at] ?? 0) - (b[at] ?? 0)
  }
  return 0
}

function options() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { glibc: { type: 'string', default: '2.17' } },
  })
  if (positionals.length > 0) return { files: positionals, floor: values.glibc }
  console.error('usage: npm run check:symbols -- FILE… [--glibc 2.17]')
  return process.exit(2)
}
