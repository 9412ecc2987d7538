// Where do the sources of Rust's standard library come from without rustup? Debian packages them (`rust-src`), in several
// releases at once, and apt verifies them by Debian's signature. This asks the Debian mirror of the machine, with an apt
// configuration of its own: neither the packages nor the package lists of the system change.

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { PLACES } from './places.mjs'
import { output, run, say } from './run.mjs'

/** The one with the smallest list first. */
const SUITES = ['stable-backports', 'stable', 'testing', 'unstable']
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** Puts `library/` of exactly this Rust release into `destination`. */
export function fetchLibrarySource(release, destination) {
  const mirror = debianMirror()
  if (!existsSync(KEYRING)) throw new Error('the package debian-archive-keyring is missing')
  const seen = []
  for (const suite of SUITES) {
    const env = aptOf(suite, mirror)
    say(`Reading which version of rust-src Debian's ${suite} has (into ${PLACES.apt})`)
    run('apt-get', ['update', '--quiet=2'], { env })
    const versions = versionsIn(env)
    const version = versions.find((version) => version.startsWith(`${release}+`))
    if (version) return download(version, release, destination, env)
    seen.push(...versions)
  }
  throw new Error(`Debian has rust-src ${seen.join(', ') || 'nowhere'}, not ${release}`)
}

function versionsIn(env) {
  const lines = (output('apt-cache', ['madison', 'rust-src'], { env }) ?? '').split('\n')
  return lines.map((line) => line.split('|')[1]?.trim()).filter(Boolean)
}

function download(version, release, destination, env) {
  say(`Downloading rust-src ${version} (45 MB)`)
  run('apt-get', ['download', '--quiet=2', `rust-src=${version}`], { cwd: PLACES.apt, env })
  const archive = readdirSync(PLACES.apt).find((name) => name.startsWith('rust-src_'))
  const unpacked = join(PLACES.apt, 'unpacked')
  mkdirSync(unpacked)
  // The package holds the compiler's sources too, which are several times as large.
  const extract = 'dpkg --fsys-tarfile "$0" | tar --extract --directory "$1" "./usr/src/rustc-$2/library"'
  run('sh', ['-c', extract, join(PLACES.apt, archive), unpacked, release])
  mkdirSync(destination, { recursive: true })
  renameSync(join(unpacked, 'usr', 'src', `rustc-${release}`, 'library'), join(destination, 'library'))
  rmSync(PLACES.apt, { recursive: true })
}

function aptOf(suite, mirror) {
  rmSync(PLACES.apt, { recursive: true, force: true })
  for (const folder of ['lists/partial', 'cache/archives/partial']) {
    mkdirSync(join(PLACES.apt, folder), { recursive: true })
  }
  const file = (name, ...lines) => writeFileSync(join(PLACES.apt, name), `${lines.join('\n')}\n`)
  writeFileSync(join(PLACES.apt, 'status'), '')
  file('sources.list', `deb [arch=amd64 target=Packages signed-by=${KEYRING}] ${mirror} ${suite} main`)
  file(
    'apt.conf',
    `Dir::Etc::sourcelist "${PLACES.apt}/sources.list";`,
    'Dir::Etc::sourceparts "-";',
    `Dir::State::lists "${PLACES.apt}/lists";`,
    `Dir::State::status "${PLACES.apt}/status";`,
    `Dir::Cache "${PLACES.apt}/cache";`,
    'APT::Architecture "amd64";',
    'APT::Sandbox::User "root";',
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
