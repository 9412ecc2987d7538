// In which order does the reference tell things? By subject, OpenMemory's own first, without what the server only refuses, and
// each with how it is called from a shell, TypeScript and Python.

import { samples } from './samples'

export interface Operation {
  tags?: string[]
  summary?: string
  description?: string
  parameters?: { name: string; in: string; required?: boolean }[]
  requestBody?: { content?: Record<string, { schema?: Schema }> }
}

export interface Schema {
  $ref?: string
  type?: string | string[]
  required?: string[]
  properties?: Record<string, Schema>
  items?: Schema
  enum?: unknown[]
  oneOf?: Schema[]
  anyOf?: Schema[]
}

export interface Document {
  info: { title: string; description?: string }
  paths: Record<string, Record<string, Operation>>
  tags?: { name: string; description?: string }[]
  components?: { schemas?: Record<string, Schema> }
}

const SUBJECTS = [
  ['Memories', 'Add, read, change, search and delete memories'],
  ['Learning', 'Memories out of conversations, by the language model of the server'],
  ['Users', 'All memories of a user'],
  ['Store', 'Export, import, backup, watching changes, maintenance'],
  ['Server', 'What operators ask'],
  ['Mem0', 'The routes of the official clients of Mem0'],
] as const

const METHODS = ['get', 'post', 'put', 'patch', 'delete']

export function arranged(document: Document, origin: string): Document {
  const known = SUBJECTS.map(([name]) => name as string)
  const rank = (operation: Operation) => {
    const at = known.indexOf(operation.tags?.[0] ?? '')
    return at === -1 ? known.length : at
  }
  const first = (path: Record<string, Operation>) => Math.min(...Object.values(path).map(rank))
  const paths = Object.entries(document.paths)
    .map(([path, operations]) => [path, taken(document, path, operations, origin)] as const)
    .filter(([, operations]) => Object.keys(operations).length > 0)
    .sort(([, one], [, other]) => first(one) - first(other))
  return {
    ...document,
    info: { ...document.info, description: `${document.info.description ?? ''}\n\n[Back to the studio](/)` },
    paths: Object.fromEntries(paths),
    tags: SUBJECTS.map(([name, description]) => ({ name, description })),
  }
}

function taken(document: Document, path: string, operations: Record<string, Operation>, origin: string) {
  const entries = Object.entries(operations)
    .filter(([method]) => METHODS.includes(method))
    .filter(([, { summary = '' }]) => !/^not supported/i.test(summary))
    .map(([method, operation]) => [method, shown(document, method, path, operation, origin)])
  return Object.fromEntries(entries) as Record<string, Operation>
}

function shown(document: Document, method: string, path: string, operation: Operation, origin: string): Operation {
  const examples = samples(document, method, path, operation, origin).map(
    ({ title, language, code }) => `**${title}**\n\n\`\`\`${language}\n${code}\n\`\`\``,
  )
  return { ...operation, description: [operation.description, ...examples].filter(Boolean).join('\n\n') }
}
