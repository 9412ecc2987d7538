// What do package managers make of the package, and what is said where they leave the binary out?

import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import process from 'node:process'
import { writeJson } from '../pack.mjs'
import { platformPackage, thisPlatform } from '../platform.mjs'
import { commandOf, MANAGERS } from './managers.mjs'
import { copyUses, projectFolder } from './project.mjs'
import { OTHER_VERSION, startRegistry } from './registry.mjs'
import { run } from './run.mjs'
import { NOT_APPLICABLE, print } from './table.mjs'

const CLEAR_ERROR = 'clear error'
const USES = ['correct-and-find.mjs', 'esm.mjs', 'commonjs.cjs', 'refused.mjs']

/** Each way of installing: what is to be seen afterwards. */
const WAYS = {
  'as it is': async (project) => {
    await project.install('install')
    await project.node('esm.mjs')
    await project.node('commonjs.cjs')
  },
  'without optional dependencies': async (project) => {
    if (project.manager.omit === undefined) return NOT_APPLICABLE
    await project.install('omit')
    return project.isRefused()
  },
  'lock file of another system': async (project) => {
    if (!project.foreign) return NOT_APPLICABLE
    await project.installForeign()
    project.keepOnlyTheLock()
    await project.install('fromLock')
    await project.node('esm.mjs')
  },
  'node_modules of another system': async (project) => {
    if (!project.foreign) return NOT_APPLICABLE
    await project.installForeign()
    return project.isRefused()
  },
  'two versions in a monorepo': async (project) => {
    project.addWorkspaces()
    await project.install('install')
    await project.node('both.mjs', ...project.versions)
  },
}

export async function tryManagers(names, context) {
  const rows = names.map((name) => [`${name} ${versionOf(name)}`, name])
  const registry = await startRegistry(context)
  try {
    await print('package manager', Object.keys(WAYS), rows, async (name, way) => {
      const project = new Project(context, name, way, registry.url)
      try {
        return await WAYS[way](project)
      } finally {
        if (!context.keep) rmSync(project.folder, { recursive: true, force: true })
      }
    })
  } finally {
    registry.close()
  }
}

function versionOf(name) {
  const [program, ...before] = commandOf(name)
  // Outside a project, where Yarn would look for another version of itself.
  return execFileSync(program, [...before, '--version'], { cwd: tmpdir(), encoding: 'utf8' }).trim()
}

class Project {
  constructor(context, name, way, registry) {
    this.manager = MANAGERS[name]
    this.command = commandOf(name)
    this.registry = registry
    this.versions = [context.version, OTHER_VERSION]
    this.folder = projectFolder(context, `${name} ${way}`.replaceAll(/[^a-z]+/gi, '-'))
    this.configure()
    writeJson(join(this.folder, 'package.json'), manifest('app', context.version))
    copyUses(this.folder, USES)
  }

  get foreign() {
    return this.manager.foreign !== undefined || this.manager.foreignFile !== undefined
  }

  install(how) {
    return this.run(this.manager[how])
  }

  async installForeign() {
    const { foreign, foreignFile, install } = this.manager
    const [file, text] = foreignFile ?? []
    if (file) appendFileSync(join(this.folder, file), text)
    await this.run(foreign ?? install)
  }

  keepOnlyTheLock() {
    const kept = ['package.json', this.manager.lock, ...USES]
    for (const name of readdirSync(this.folder)) {
      if (!kept.includes(name)) rmSync(join(this.folder, name), { recursive: true })
    }
    if (!existsSync(join(this.folder, this.manager.lock))) throw new Error(`${this.manager.lock} was not written`)
    this.configure()
  }

  configure() {
    for (const [file, text] of Object.entries(this.manager.config(this.registry))) {
      writeFileSync(join(this.folder, file), text)
    }
  }

  addWorkspaces() {
    const [file, text] = this.manager.workspaces ?? []
    if (file) appendFileSync(join(this.folder, file), text)
    writeJson(join(this.folder, 'package.json'), { name: 'root', private: true, workspaces: ['packages/*'] })
    for (const [at, version] of this.versions.entries()) {
      const folder = join(this.folder, 'packages', `app-${at}`)
      mkdirSync(folder, { recursive: true })
      writeJson(join(folder, 'package.json'), manifest(`app-${at}`, version))
      copyUses(folder, ['correct-and-find.mjs', 'version.mjs'])
    }
    copyUses(this.folder, ['both.mjs'])
  }

  /** The package that is missing is named, with the remedy. */
  async isRefused() {
    await this.node('refused.mjs', platformPackage(thisPlatform()).manifest.name)
    return CLEAR_ERROR
  }

  node(...args) {
    const { node } = this.manager
    return node ? this.run([...node, ...args]) : run(process.execPath, args, { cwd: this.folder })
  }

  /** With a home of its own, so that nothing cached of an earlier run, or set by the user, is found. */
  run(args) {
    const [program, ...before] = this.command
    const home = join(this.folder, '.home')
    mkdirSync(home, { recursive: true })
    const env = {
      ...{ HOME: home, USERPROFILE: home, XDG_CACHE_HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home },
      PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
    }
    return run(program, [...before, ...args], { cwd: this.folder, env })
  }
}

function manifest(name, version) {
  return { name, version: '1.0.0', private: true, dependencies: { '@openmemory/sdk': version } }
}
