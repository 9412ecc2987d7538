// What does a store of LangGraph hold? Values under a namespace and a key, in the table `store` of its databases or as items.
// They become what `OpenMemoryStore` would have put, so that it finds them.

import { Items } from '../adapters/langgraph/items'
import { type ForeignMemory, objectOf, textOf, timeOf } from './memory'
import type { Records, Row } from './records'

export function isLangGraph({ tables, rows }: Records): boolean {
  const [row] = tables?.get('store') ?? rows
  return row !== undefined && 'key' in row && 'value' in row && ('prefix' in row || 'namespace' in row)
}

export function langGraphMemories({ tables, rows, writtenAt }: Records, userId: string | undefined): ForeignMemory[] {
  const items = new Items(userId, ['$'], undefined)
  return (tables?.get('store') ?? rows).flatMap((row) => {
    const key = textOf(row.key)
    const namespace = namespaceOf(row)
    if (key === undefined || namespace.length === 0) return []
    const memory = items.memoryOf({ namespace, key, value: objectOf(row.value) })
    const created_at = timeOf(row.created_at ?? row.createdAt) ?? writtenAt.toISOString()
    const expires_at = timeOf(row.expires_at)
    return [
      {
        ...{ id: memory.id, scope: userId === undefined ? {} : { user_id: userId }, created_at },
        versions: [{ content: memory.content ?? '', at: created_at }],
        ...{ tags: [...(memory.tags ?? [])], metadata: memory.metadata as Row },
        ...(expires_at !== undefined && { expires_at }),
      },
    ]
  })
}

/** Its databases join the labels by dots, which labels cannot hold. */
function namespaceOf({ prefix, namespace }: Row): string[] {
  if (Array.isArray(namespace)) return namespace.filter((label): label is string => textOf(label) !== undefined)
  return typeof prefix === 'string' ? prefix.split('.').filter((label) => label !== '') : []
}
