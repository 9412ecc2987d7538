// Which files of a crate depend on each other in a cycle? A use is a path, `crate::…`, `super::…` or `self::…`, that leads into
// another file. An `impl` of a type of another file uses that file; its methods, called elsewhere, use nothing.

import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'

/** Each circle with its modules in order of their names; `src` is the folder of a lib.rs or main.rs. */
export function circles(src: string): string[][] {
  const uses = usesOf(modulesOf(src))
  const reached = new Map([...uses.keys()].map((name) => [name, reach(uses, name)]))
  const found = new Map<string, string[]>()
  for (const [name, all] of reached) {
    const circle = [...all].filter((other) => reached.get(other)?.has(name)).sort()
    if (circle.length > 1) found.set(circle.join(), circle)
  }
  return [...found.values()]
}

/** The text of each module, by its path such as `rows::codec`. */
function modulesOf(src: string): Map<string, string> {
  const files = readdirSync(src, { encoding: 'utf8', recursive: true }).filter((file) => file.endsWith('.rs'))
  return new Map(
    files.map((file) => {
      const names = file.slice(0, -'.rs'.length).split(sep)
      const table = names.at(-1) === 'mod' || (names.length === 1 && /^(lib|main)$/.test(file.slice(0, -3)))
      return [(table ? names.slice(0, -1) : names).join('::'), readFileSync(join(src, file), 'utf8')]
    }),
  )
}

function usesOf(modules: Map<string, string>): Map<string, Set<string>> {
  return new Map(
    [...modules].map(([name, text]) => {
      const code = text.split('#[cfg(test)]\nmod tests {')[0]?.replace(/\/\/.*|pub\(in [^)]*\)/g, '') ?? ''
      const targets = paths(code).map((path) => fileOf(modules, absolute(path, name)))
      // The root declares all modules, and is used for its re-exports.
      return [name, new Set(name === '' ? [] : targets.filter((target) => target !== name && target !== ''))]
    }),
  )
}

/** All paths from `crate`, `super` or `self`, with the groups of a `use` taken apart. */
function paths(code: string): string[][] {
  return [...code.matchAll(/\b(?:crate|super|self)(?=::[\w{])/g)].flatMap(({ index }) => branches(code.slice(index)))
}

function branches(text: string): string[][] {
  const [path = '', opening] = /^\s*\w+(?:::\w+)*(::\{)?/.exec(text) ?? []
  const names = path
    .trim()
    .split('::')
    .filter((name) => /^\w+$/.test(name))
  if (opening === undefined) return names.length > 0 ? [names] : []
  return members(text.slice(path.length)).flatMap((member) => branches(member).map((rest) => [...names, ...rest]))
}

/** The items between commas, up to the brace that closes the group. */
function members(group: string): string[] {
  let [depth, begin] = [0, 0]
  const found: string[] = []
  for (let at = 0; at < group.length; at++) {
    if (group[at] === '{') depth++
    if ((group[at] === ',' || group[at] === '}') && depth === 0) {
      found.push(group.slice(begin, at))
      begin = at + 1
    }
    if (group[at] === '}' && depth-- === 0) break
  }
  return found
}

function absolute([first, ...rest]: string[], name: string): string[] {
  const place = first === 'crate' || name === '' ? [] : name.split('::')
  for (const step of first === 'super' ? ['super', ...rest] : rest) {
    if (step === 'super') place.pop()
    else if (step !== 'self') place.push(step)
  }
  return place
}

/** The module whose file has what is named: the longest beginning that is a module. */
function fileOf(modules: Map<string, string>, path: string[]): string {
  for (let length = path.length; length > 0; length--) {
    const name = path.slice(0, length).join('::')
    if (modules.has(name)) return name
  }
  return ''
}

function reach(uses: Map<string, Set<string>>, from: string): Set<string> {
  const reached = new Set<string>()
  const open = [from]
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const next of uses.get(name) ?? []) {
      if (!reached.has(next)) open.push(next)
      reached.add(next)
    }
  }
  return reached
}
