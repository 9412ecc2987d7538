// The links, headings and examples of Markdown files.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { freshDirectory } from './store'

export const ROOT = resolve(__dirname, '..', '..')

/** Directories with generated or third-party files. */
const FOREIGN = new Set(['.git', 'dist', 'node_modules', 'tarballs', 'target', 'venv'])

export function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

/** The paths of files with this ending in a directory of the repository, relative to its root. */
export function filesBelow(directory: string, ending: RegExp): string[] {
  return readdirSync(join(ROOT, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`
    if (entry.isDirectory()) return FOREIGN.has(entry.name) ? [] : filesBelow(path, ending)
    return ending.test(entry.name) ? [path] : []
  })
}

export function withoutCode(text: string): string {
  return text.replace(/^( *)```.*?^\1```/gms, '').replace(/`[^`\n]*`/g, 'code')
}

/** The relative targets of links and images. */
export function linksOf(text: string): string[] {
  const links = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string)
  return links.filter((target) => !/^[a-z]+:/.test(target))
}

/** The anchors of headings, as GitHub generates them. */
export function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>()
  const prose = text.replace(/^( *)```.*?^\1```/gms, '')
  return [...prose.matchAll(/^#{1,6} (.*)$/gm)].map(([, heading = '']) => {
    const plain = heading.replace(/\]\([^)]*\)/g, '').toLowerCase()
    const anchor = plain.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-')
    const before = seen.get(anchor) ?? 0
    seen.set(anchor, before + 1)
    return before === 0 ? anchor : `${anchor}-${before}`
  })
}

export interface Example {
  code: string
  output: string
}

/** JavaScript blocks with the output block that follows. */
export function examplesOf(text: string): Example[] {
  return [...text.matchAll(/^```js\n(.*?)^```\n\n^```text\n(.*?)^```/gms)].map(([, code, output]) => ({
    code: code as string,
    output: output as string,
  }))
}

/** The output of an example in a project that depends on this package and on `others`, which are folders in npm/. */
export function printedBy({ code }: Example, ...others: string[]): string {
  const project = projectWithPackage(...others)
  writeFileSync(join(project, 'example.mjs'), code)
  return execFileSync(process.execPath, ['example.mjs'], { cwd: project, encoding: 'utf8' })
}

/** A directory in which this package can be imported by name. */
export function projectWithPackage(...others: string[]): string {
  const project = freshDirectory()
  const installed = join(project, 'node_modules', '@openmemory')
  mkdirSync(installed, { recursive: true })
  symlinkSync(ROOT, join(installed, 'sdk'), 'junction')
  for (const name of others) symlinkSync(join(ROOT, 'npm', name), join(installed, name), 'junction')
  return project
}

/** The first cells of the tables below a heading, without header rows. */
export function firstCells(text: string, heading: string): string[] {
  const section = text.slice(text.indexOf(`\n## ${heading}\n`) + 1).split('\n## ')[0] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('|'))
  return rows.filter((row, at) => !/^\|[-| ]+$/.test(row) && !/^\|[-| ]+$/.test(rows[at + 1] ?? '')).map(firstCell)
}

function firstCell(row: string): string {
  return row.split(' | ')[0] as string
}
