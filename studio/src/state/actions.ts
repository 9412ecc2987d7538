// What can be done to memories, with a way back? Each action leaves its undo with the notices.

import * as api from '../api/memories'
import { ApiError } from '../api/request'
import type { Json, Memory } from '../api/types'
import { notify, tracked } from './notices'

/** Exported first, so that undo brings them back with their histories, as long as the page is open. */
export const remove = (ids: string[]): Promise<void> =>
  tracked(async () => {
    const kept = await api.exported({ memory_ids: ids })
    const results = await api.deleteMany(ids)
    const failed = results.filter(({ ok }) => !ok).length
    const count = ids.length - failed
    const what = count === 1 ? 'Deleted a memory' : `Deleted ${count} memories`
    notify(failed > 0 ? `${what}; ${failed} were gone already` : what, async () => {
      const { failed, errors } = await api.imported(kept, { onConflict: 'skip' })
      if (failed > 0) throw new ApiError(409, 'VERSION_CONFLICT', errors[0]?.error.message ?? 'not all came back')
    })
  })

export const restore = (memory: Memory, version: number): Promise<Memory> =>
  tracked(async () => {
    const restored = await api.restore(memory.id, version, memory.version)
    notify(`Restored version ${version}`, async () => {
      await api.restore(memory.id, memory.version, restored.version, `undo of the restore of version ${version}`)
    })
    return restored
  })

export const retire = (memory: Memory, why: 'ended' | 'wrong'): Promise<Memory> =>
  tracked(async () => {
    const retired = await api.retire(memory.id, why, memory.version)
    notify(why === 'ended' ? 'Marked as ended' : 'Marked as wrong', async () => {
      await api.restore(memory.id, memory.version, retired.version, 'undo')
    })
    return retired
  })

export const change = (memory: Memory, patch: api.Patch, reason?: string): Promise<Memory> =>
  tracked(async () => {
    const changed = await api.update(memory.id, patch, memory.version, reason)
    notify('Saved', async () => {
      await api.restore(memory.id, memory.version, changed.version, 'undo')
    })
    return changed
  })

export const rate = (memory: Memory, value: string | null): Promise<Memory> =>
  tracked(async () => {
    const before = memory.feedback ?? null
    const rated = await api.feedback(memory.id, value)
    notify(value ? 'Feedback noted' : 'Feedback removed', async () => {
      await api.feedback(memory.id, before)
    })
    return rated
  })

export const reinforce = ({ id }: Memory): Promise<Memory> =>
  tracked(async () => {
    const raised = await api.reinforce(id)
    notify('Reinforced')
    return raised
  })

export type BatchEdit =
  | { kind: 'tag' | 'untag'; tag: string }
  | { kind: 'metadata'; field: string; value: Json }
  | { kind: 'retire'; why: 'ended' | 'wrong' }

/** One commit for all: if one was changed meanwhile, nothing changes. */
export const changeAll = (memories: Memory[], edit: BatchEdit): Promise<number> =>
  tracked(async () => {
    const operations = memories.map((memory) => operation(memory, edit)).filter((found) => found !== undefined)
    if (operations.length === 0) return 0
    await api.operate(operations)
    const touched = new Set(operations.map((operation) => Object.values(operation)[0]?.id))
    const restores = memories
      .filter(({ id }) => touched.has(id))
      .map(({ id, version }) => ({ restore: { id, version, ifVersion: version + 1 } }))
    const count = operations.length
    notify(count === 1 ? 'Changed a memory' : `Changed ${count} memories`, () => api.operate(restores, 'undo'))
    return count
  })

function operation(
  { id, version, tags, metadata }: Memory,
  edit: BatchEdit,
): Record<string, { id: string; [field: string]: Json }> | undefined {
  const base = { id, ifVersion: version }
  switch (edit.kind) {
    case 'tag':
      return tags.includes(edit.tag) ? undefined : { update: { ...base, tags: [...tags, edit.tag] } }
    case 'untag':
      return tags.includes(edit.tag) ? { update: { ...base, tags: tags.filter((tag) => tag !== edit.tag) } } : undefined
    case 'metadata':
      return JSON.stringify(metadata[edit.field]) === JSON.stringify(edit.value)
        ? undefined
        : { update: { ...base, metadata: { [edit.field]: edit.value } } }
    case 'retire':
      return { retire: { ...base, why: edit.why } }
  }
}
