// Which settings does a model want? Its own files say it, as sentence-transformers writes them; otherwise its name does.

import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { isPlainObject } from '../validate/json'

export interface ModelSettings {
  pooling?: 'mean' | 'cls'
  queryPrefix?: string
  passagePrefix?: string
  /** Files and names that say so. */
  from: string[]
  /** What the model needs and this package has not. */
  problems: { file: string; problem: string }[]
  notes: string[]
}

const FOR_SEARCH = 'Represent this sentence for searching relevant passages: '

/** The first that the name matches counts. Prefixes that are not named are none. */
const FAMILIES: [name: RegExp, settings: { pooling: 'mean' | 'cls'; queryPrefix?: string; passagePrefix?: string }][] =
  [
    [
      /e5-.*-instruct/,
      {
        pooling: 'mean',
        queryPrefix: 'Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: ',
      },
    ],
    [/\be5-(small|base|large)/, { pooling: 'mean', queryPrefix: 'query: ', passagePrefix: 'passage: ' }],
    [/bge-(small|base|large)-en/, { pooling: 'cls', queryPrefix: FOR_SEARCH }],
    [/bge-(small|base|large)-zh/, { pooling: 'cls', queryPrefix: '为这个句子生成表示以用于检索相关文章：' }],
    [/bge-m3/, { pooling: 'cls' }],
    [/gte-(multilingual|modernbert)|gte-.*-v1\.5/, { pooling: 'cls' }],
    [/gte-(small|base|large)/, { pooling: 'mean' }],
    [/arctic-embed-[ml]-v2/, { pooling: 'cls', queryPrefix: 'query: ' }],
    [/arctic-embed|mxbai-embed-large/, { pooling: 'cls', queryPrefix: FOR_SEARCH }],
    [/nomic-embed-text/, { pooling: 'mean', queryPrefix: 'search_query: ', passagePrefix: 'search_document: ' }],
    [
      /embeddinggemma/,
      { pooling: 'mean', queryPrefix: 'task: search result | query: ', passagePrefix: 'title: none | text: ' },
    ],
    [/granite-embedding/, { pooling: 'cls' }],
    [/minilm|mpnet-base|distiluse|jina-embeddings-v2/, { pooling: 'mean' }],
  ]

const NOT_HERE: Record<string, string> = {
  pooling_mode_lasttoken: 'the last token',
  pooling_mode_max_tokens: 'the maximum',
  pooling_mode_mean_sqrt_len_tokens: 'the mean by the root of the length',
  pooling_mode_weightedmean_tokens: 'a weighted mean',
}

/** The folder with the files of a model: the one of its ONNX file, or the one around `onnx/`. */
export function foldersOf(model: string): string[] {
  const own = dirname(model)
  return basename(own) === 'onnx' ? [own, dirname(own)] : [own]
}

export function settingsOf(model: string): ModelSettings {
  const settings: ModelSettings = { from: [], problems: [], notes: [] }
  const folders = foldersOf(model)
  const read = (file: string) => json(folders.map((folder) => join(folder, file)))
  const pooling = read(join('1_Pooling', 'config.json'))
  if (pooling) readPooling(pooling, settings)
  const prompts = read('config_sentence_transformers.json')
  if (prompts) readPrompts(prompts, settings)
  const modules = read('modules.json')
  if (modules) readModules(modules, settings)
  const name = String(read('config.json')?.value._name_or_path ?? '')
  addFamily(`${name} ${folders.map((folder) => basename(folder)).join(' ')} ${basename(model)}`, settings)
  return settings
}

interface Found {
  file: string
  value: Record<string, unknown>
}

function json(files: string[]): Found | undefined {
  for (const file of files) {
    try {
      const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
      if (isPlainObject(value) || Array.isArray(value)) return { file, value: value as Record<string, unknown> }
    } catch {
      // It is not there, or says nothing.
    }
  }
  return undefined
}

function readPooling({ file, value }: Found, settings: ModelSettings): void {
  if (value.pooling_mode_cls_token === true) settings.pooling = 'cls'
  else if (value.pooling_mode_mean_tokens === true) settings.pooling = 'mean'
  const other = Object.keys(NOT_HERE).find((mode) => value[mode] === true)
  if (settings.pooling !== undefined) settings.from.push(file)
  else if (other !== undefined) {
    const problem = `it pools by ${NOT_HERE[other]}, and only the mean and the first token (cls) are known here; export it with its pooling, so that its output is one vector per text`
    settings.problems.push({ file, problem })
  }
}

function readPrompts({ file, value }: Found, settings: ModelSettings): void {
  if (!isPlainObject(value.prompts)) return
  const { query, document, passage } = value.prompts as Record<string, unknown>
  if (typeof query !== 'string' || query === '') return
  settings.queryPrefix = query
  const stored = document ?? passage
  settings.passagePrefix = typeof stored === 'string' ? stored : ''
  settings.from.push(file)
}

/** The vector is made of length 1 here, so a layer that does it is not missed. */
function readModules({ file, value }: Found, settings: ModelSettings): void {
  const kinds = Array.isArray(value) ? value.map((module) => String(module?.type).split('.').at(-1)) : []
  const after = kinds.filter((kind) => kind && !['Transformer', 'Pooling', 'Normalize', 'undefined'].includes(kind))
  if (after.length > 0) {
    settings.notes.push(
      `${file} has further layers (${after.join(', ')}): use an export that includes them, whose output is one vector per text`,
    )
  }
}

function addFamily(names: string, settings: ModelSettings): void {
  const name = names.toLowerCase()
  const [pattern, family] = FAMILIES.find(([pattern]) => pattern.test(name)) ?? []
  if (pattern === undefined || family === undefined) return
  const missing = settings.pooling === undefined || settings.queryPrefix === undefined
  settings.pooling ??= family.pooling
  if (settings.queryPrefix === undefined) {
    settings.queryPrefix = family.queryPrefix ?? ''
    settings.passagePrefix = family.passagePrefix ?? ''
  }
  if (missing) settings.from.push(`the name ${pattern.exec(name)?.[0]}`)
}
