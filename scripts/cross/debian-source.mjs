// Where do the sources of Rust's standard library come from without rustup? Debian packages them (`rust-src`), in several
// releases at once, and apt verifies them by Debian's signature. This asks the Debian mirror of the machine, with an apt
// configuration of its own: neither the packages nor the package lists of the system change.

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { PLACES } from './places.mjs'
import { output, run, say } from './run.mjs'

const SUITES = ['stable', 'stable-backports', 'testing', 'unstable']
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** Puts `library/` of exactly this Rust release into `destination`. */
export function fetchLibrarySource(release, destination) {
  const env = ownApt()
  say(`Reading which versions of rust-src Debian has (lists of 30 MB, into ${PLACES.apt})`)
  run('apt-get', ['update', '--quiet=2'], { env })
  const versions = (output('apt-cache', ['madison', 'rust-src'], { env }) ?? '')
    .split('\n')
    .map((line) => line.split('|')[1]?.trim())
    .filter(Boolean)
  const version = versions.find((version) => version.startsWith(`${release}+`))
  if (!version) throw new Error(`Debian has rust-src ${versions.join(', ') || 'in no version'}, not ${release}`)
  say(`Downloading rust-src ${version} (45 MB)`)
  run('apt-get', ['download', '--quiet=2', `rust-src=${version}`], { cwd: PLACES.apt, env })
  const archive = readdirSync(PLACES.apt).find((name) => name.startsWith('rust-src_'))
  const unpacked = join(PLACES.apt, 'unpacked')
  run('dpkg', ['--extract', join(PLACES.apt, archive), unpacked])
  mkdirSync(destination, { recursive: true })
  renameSync(join(unpacked, 'usr', 'src', `rustc-${release}`, 'library'), join(destination, 'library'))
  rmSync(PLACES.apt, { recursive: true })
}

function ownApt() {
  const mirror = debianMirror()
  if (!existsSync(KEYRING)) throw new Error('Debian’s keys are missing (package debian-archive-keyring)')
  rmSync(PLACES.apt, { recursive: true, force: true })
  for (const folder of ['lists/partial', 'cache/archives/partial']) {
    mkdirSync(join(PLACES.apt, folder), { recursive: true })
  }
  const file = (name, ...lines) => writeFileSync(join(PLACES.apt, name), `${lines.join('\n')}\n`)
  file('status')
  file('sources.list', ...SUITES.map((suite) => `deb [arch=amd64 signed-by=${KEYRING}] ${mirror} ${suite} main`))
  file(
    'apt.conf',
    `Dir::Etc::sourcelist "${PLACES.apt}/sources.list";`,
    'Dir::Etc::sourceparts "-";',
    `Dir::State::lists "${PLACES.apt}/lists";`,
    `Dir::State::status "${PLACES.apt}/status";`,
    `Dir::Cache "${PLACES.apt}/cache";`,
    'APT::Architecture "amd64";',
    'APT::Sandbox::User "root";',
    'Acquire::Languages "none";',
  )
  return { ...process.env, APT_CONFIG: join(PLACES.apt, 'apt.conf') }
}

function debianMirror() {
  const targets = output('apt-get', ['indextargets', '--format', '$(ORIGIN) $(REPO_URI)', 'Created-By: Packages'])
  if (targets === undefined) throw new Error('there is no apt here')
  const mirrors = targets
    .split('\n')
    .filter((line) => line.startsWith('Debian '))
    .map((line) => line.slice('Debian '.length))
  const mirror = mirrors.find((uri) => !uri.includes('security'))
  if (!mirror) throw new Error('apt knows no mirror of Debian; perhaps its lists are empty (apt-get update)')
  return mirror
}
