// How is a route called from a shell, from TypeScript and from Python? By the clients where they have a method for it.

import type { Document, Operation, Schema } from './arrange'

export interface Sample {
  title: string
  language: string
  code: string
}

/** The methods of the clients, as TypeScript and Python write them. */
const CLIENTS: Record<string, [string, string]> = {
  'post /memory/add': [
    "await om.addMemory({ content: 'Ada drinks tea', user_id: 'ada' })",
    'om.add_memory("Ada drinks tea", user_id="ada")',
  ],
  'post /memory/batch': [
    "await om.addMemories([{ content: 'Ada drinks tea' }])",
    'om.add_memories([{"content": "Ada drinks tea"}])',
  ],
  'get /memory/{id}': ['await om.getMemory(id)', 'om.get_memory(id)'],
  'patch /memory/{id}': [
    "await om.updateMemory(id, { content: 'Ada drinks coffee' }, { ifVersion: 1 })",
    'om.update_memory(id, content="Ada drinks coffee", if_version=1)',
  ],
  'patch /memory/batch': [
    "await om.updateMemories([{ id, tags: ['drink'] }])",
    'om.update_memories([{"id": id, "tags": ["drink"]}])',
  ],
  'delete /memory/{id}': ['await om.deleteMemory(id)', 'om.delete_memory(id)'],
  'post /memory/delete': [
    "await om.deleteMemories({ filters: { user_id: 'ada' } })",
    'om.delete_memories(filters={"user_id": "ada"})',
  ],
  'get /memory/all': ['await om.listMemories()', 'om.list_memories()'],
  'post /memory/list': [
    "await om.listMemories({ filters: { tags: 'drink' } })",
    'om.list_memories(filters={"tags": "drink"})',
  ],
  'post /memory/search': [
    "await om.searchMemories('What does Ada drink?', { filters: { user_id: 'ada' } })",
    'om.search_memories("What does Ada drink?", filters={"user_id": "ada"})',
  ],
  'post /memory/facets': ["await om.facets({ field: 'tags' })", 'om.facets("tags")'],
  'post /memory/reinforce': ['await om.reinforceMemory(id)', 'om.reinforce_memory(id)'],
  'post /memory/{id}/feedback': ["await om.sendFeedback(id, 'POSITIVE')", 'om.send_feedback(id, "POSITIVE")'],
  'get /memory/{id}/history': ['await om.getHistory(id)', 'om.get_history(id)'],
  'post /memory/{id}/restore': ['await om.restoreMemory(id, 1)', 'om.restore_memory(id, 1)'],
  'post /memory/{id}/retire': ['await om.retireMemory(id)', 'om.retire_memory(id)'],
  'get /memory/{id}/waypoints': ['await om.getWaypoints(id)', 'om.get_waypoints(id)'],
  'get /memory/{id}/sources': ['await om.getSources(id)', 'om.get_sources(id)'],
  'post /memory/operations': [
    "await om.applyOperations([{ add: { content: 'Ada drinks tea' } }, { delete: { id } }])",
    'om.apply_operations([{"add": {"content": "Ada drinks tea"}}, {"delete": {"id": id}}])',
  ],
  'post /memory/touch': [
    "await om.touchMemories([id], { expires_at: '2030-01-01' })",
    'om.touch_memories([id], expires_at="2030-01-01")',
  ],
  'post /memory/learn': [
    "await om.learn([{ role: 'user', content: 'I drink tea now' }], { user_id: 'ada' })",
    'om.learn([{"role": "user", "content": "I drink tea now"}], user_id="ada")',
  ],
  'post /memory/consolidate': ["await om.consolidate({ user_id: 'ada' })", 'om.consolidate(user_id="ada")'],
  'post /memory/relearn': [
    "for await (const learning of om.relearn({ user_id: 'ada' })) console.log(learning.status)",
    'om.relearn(user_id="ada")',
  ],
  'get /learnings': ['await om.listLearnings()', 'om.list_learnings()'],
  'get /learnings/{id}': ['await om.getLearning(id)', 'om.get_learning(id)'],
  'post /learnings/{id}/decide': ["await om.decide(id, { all: 'apply' })", 'om.decide(id, all="apply")'],
  'post /learnings/{id}/undo': ['await om.undoLearning(id)', 'om.undo_learning(id)'],
  'get /messages': ['await om.listMessages()', 'om.list_messages()'],
  'get /stats': ['await om.stats()', 'om.stats()'],
  'get /watch': [
    'for await (const change of om.watch()) console.log(change)',
    'for change in om.watch():\n    print(change)',
  ],
  'get /export': ["await om.exportTo('memories.jsonl')", 'om.export_to("memories.jsonl")'],
  'post /import': ["await om.importFrom('memories.jsonl')", 'om.import_from("memories.jsonl")'],
  'post /backup': ["await om.backup('monday')", 'om.backup("monday")'],
  'post /reindex': ['await om.reindex()', 'om.reindex()'],
  'post /compact': ['await om.compact()', 'om.compact()'],
}

export function samples(
  document: Document,
  method: string,
  path: string,
  operation: Operation,
  origin: string,
): Sample[] {
  const content = operation.requestBody?.content ?? {}
  const isJson = 'application/json' in content
  const body = isJson ? example(document, content['application/json']?.schema, 0) : undefined
  const query = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query' && parameter.required)
  const address = `${origin}${path}${query.length > 0 ? `?${query.map(({ name }) => `${name}=…`).join('&')}` : ''}`
  const json = body === undefined ? undefined : JSON.stringify(body)
  const file = !isJson && Object.keys(content).length > 0
  const curl = [
    `curl${method === 'get' ? '' : ` -X ${method.toUpperCase()}`} '${address}'`,
    `-H 'X-API-Key: KEY'`,
    ...(json === undefined ? [] : [`-H 'Content-Type: application/json'`, `-d '${json.replaceAll("'", "'\\''")}'`]),
    ...(file ? ['-T memories.jsonl'] : []),
  ].join(' \\\n  ')
  const [typescript, python] = CLIENTS[`${method} ${path}`] ?? []
  return [
    { title: 'curl', language: 'sh', code: curl },
    {
      ...{ title: 'TypeScript', language: 'ts' },
      code: typescript
        ? `const om = new OpenMemory({ url: '${origin}', apiKey: 'KEY' })\n${typescript}`
        : fetched(method, address, json),
    },
    {
      ...{ title: 'Python', language: 'python' },
      code: python
        ? `om = OpenMemory(base_url="${origin}", api_key="KEY")\n${python}`
        : requested(method, address, json),
    },
  ]
}

function fetched(method: string, address: string, json: string | undefined): string {
  const options = [
    `  method: '${method.toUpperCase()}',`,
    `  headers: { 'X-API-Key': 'KEY'${json ? `, 'Content-Type': 'application/json'` : ''} },`,
    ...(json ? [`  body: JSON.stringify(${json}),`] : []),
  ]
  return `const response = await fetch('${address}', {\n${options.join('\n')}\n})\nconsole.log(await response.json())`
}

function requested(method: string, address: string, json: string | undefined): string {
  const python = json
    ?.replaceAll(/\btrue\b/g, 'True')
    .replaceAll(/\bfalse\b/g, 'False')
    .replaceAll(/\bnull\b/g, 'None')
  const body = python ? `, json=${python}` : ''
  return `import httpx\nprint(httpx.request("${method.toUpperCase()}", "${address}", headers={"X-API-Key": "KEY"}${body}).json())`
}

/** The least that the schema takes. */
function example(document: Document, schema: Schema | undefined, depth: number): unknown {
  if (schema === undefined || depth > 4) return {}
  if (schema.$ref) {
    const name = schema.$ref.split('/').at(-1) ?? ''
    return example(document, document.components?.schemas?.[name], depth + 1)
  }
  const [choice] = schema.oneOf ?? schema.anyOf ?? []
  if (choice) return example(document, choice, depth + 1)
  if (schema.enum) return schema.enum[0]
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  switch (type) {
    case 'string':
      return '…'
    case 'integer':
    case 'number':
      return 1
    case 'boolean':
      return true
    case 'array':
      return [example(document, schema.items, depth + 1)]
    default:
      return Object.fromEntries(
        (schema.required ?? []).map((name) => [name, example(document, schema.properties?.[name], depth + 1)]),
      )
  }
}
