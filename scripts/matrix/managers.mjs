// Which package managers are there, and how is each told what to install? Data only.

import { join } from 'node:path'
import process from 'node:process'
import { npmInstall } from './cache.mjs'
import { runtimeOf } from './runtimes.mjs'

const foreign = process.platform === 'darwin' ? { os: 'linux', cpu: 'x64' } : { os: 'darwin', cpu: 'arm64' }
const FOREIGN_FLAGS = [`--os=${foreign.os}`, `--cpu=${foreign.cpu}`]
const FOREIGN_YAML = `supportedArchitectures:\n  os: [${foreign.os}]\n  cpu: [${foreign.cpu}]\n`

const BERRY = {
  fetched: '@yarnpkg/cli-dist@4.18.1',
  start: (folder) => [process.execPath, join(folder, '@yarnpkg', 'cli-dist', 'bin', 'yarn.js')],
  install: ['install', '--no-immutable'],
  fromLock: ['install', '--immutable'],
  foreignFile: ['.yarnrc.yml', FOREIGN_YAML],
  lock: 'yarn.lock',
}

/**
 * fetched: its npm package. start: its command. config: files that name the registry. install, fromLock: its arguments.
 * omit: those without optional dependencies. foreign, foreignFile: what makes it install for another system. node: its
 * command that runs a program, where Node alone does not find packages. workspaces: a file that names them.
 */
export const MANAGERS = {
  npm: {
    start: () => ['npm'],
    config: (registry) => ({ '.npmrc': `registry=${registry}\naudit=false\nfund=false\nupdate-notifier=false\n` }),
    install: ['install'],
    fromLock: ['ci'],
    omit: ['install', '--omit=optional'],
    foreign: ['install', ...FOREIGN_FLAGS],
    lock: 'package-lock.json',
  },
  pnpm: {
    fetched: 'pnpm@12.21.0',
    start: (folder) => [process.execPath, join(folder, 'pnpm', 'bin', 'pnpm.mjs')],
    config: (registry) => ({ '.npmrc': `registry=${registry}\n` }),
    install: ['install', '--no-frozen-lockfile'],
    fromLock: ['install', '--frozen-lockfile'],
    omit: ['install', '--no-frozen-lockfile', '--no-optional'],
    foreign: ['install', '--no-frozen-lockfile'],
    foreignFile: ['pnpm-workspace.yaml', FOREIGN_YAML],
    workspaces: ['pnpm-workspace.yaml', 'packages: ["packages/*"]\n'],
    lock: 'pnpm-lock.yaml',
  },
  'yarn-classic': {
    fetched: 'yarn@1.22.22',
    start: (folder) => [process.execPath, join(folder, 'yarn', 'bin', 'yarn.js')],
    config: (registry) => ({ '.yarnrc': `registry "${registry}"\ndisable-self-update-check true\n` }),
    install: ['install', '--non-interactive'],
    fromLock: ['install', '--non-interactive', '--frozen-lockfile'],
    omit: ['install', '--non-interactive', '--ignore-optional'],
    lock: 'yarn.lock',
  },
  'yarn-node-modules': { ...BERRY, config: (registry) => berryConfig(registry, 'node-modules') },
  'yarn-pnp': {
    ...BERRY,
    config: (registry) => berryConfig(registry, 'pnp'),
    node: ['node'],
  },
  bun: {
    start: () => [runtimeOf('bun').program],
    config: (registry) => ({ 'bunfig.toml': `[install]\nregistry = "${registry}"\n` }),
    install: ['install'],
    fromLock: ['install', '--frozen-lockfile'],
    omit: ['install', '--omit=optional'],
    foreign: ['install', ...FOREIGN_FLAGS],
    lock: 'bun.lock',
  },
}

/** The program and the arguments that begin each of its commands. */
export function commandOf(name) {
  const { fetched, start } = MANAGERS[name]
  return start(fetched && npmInstall(`manager-${name}`, [fetched]))
}

function berryConfig(registry, linker) {
  const lines = [
    `npmRegistryServer: "${registry}"`,
    'unsafeHttpWhitelist: ["127.0.0.1"]',
    `nodeLinker: ${linker}`,
    'enableTelemetry: false',
    'enableGlobalCache: false',
    'npmMinimalAgeGate: 0',
    // Without "type": "module", Yarn makes no loader for .mjs files unless it is asked to.
    'pnpEnableEsmLoader: true',
  ]
  return { '.yarnrc.yml': `${lines.join('\n')}\n` }
}
