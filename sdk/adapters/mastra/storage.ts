// Which rows does each call of Mastra's storage need?

import type { MemoryStorage, StorageListMessagesInput, StorageMessageType } from '@mastra/core/storage' with {
  'resolution-mode': 'import',
}
import type { MemoryStore } from '../store'
import { rowsOf } from './rows'
import { type InMemory, type Rows, Work } from './work'

type Calls = Pick<MemoryStorage, (typeof CALLS)[number]>

/** The methods that are answered from rows. */
const CALLS = [
  'dangerouslyClearAll',
  ...(['getThreadById', 'saveThread', 'updateThread', 'deleteThread', 'listThreads', 'copyThread'] as const),
  ...(['listMessages', 'listMessagesByResourceId', 'listMessagesById', 'saveMessages', 'updateMessages'] as const),
  ...(['deleteMessages', 'getResourceById', 'saveResource', 'updateResource'] as const),
  ...(['getObservationalMemory', 'getObservationalMemoryHistory', 'initializeObservationalMemory'] as const),
  ...(['updateActiveObservations', 'updateBufferedObservations', 'swapBufferedToActive'] as const),
  ...(['createReflectionGeneration', 'updateBufferedReflection', 'swapBufferedReflectionToActive'] as const),
  ...(['setReflectingFlag', 'setObservingFlag', 'setBufferingObservationFlag', 'setBufferingReflectionFlag'] as const),
  ...(['insertObservationalMemoryRecord', 'clearObservationalMemory', 'setPendingMessageTokens'] as const),
  'updateObservationalMemoryConfig',
] as const

/** The latest messages of a thread, one more than are asked for: that one says whether there are more. */
async function messagesOf(rows: Rows, input: StorageListMessagesInput): Promise<void> {
  const { threadId, perPage = 40, page = 0, orderBy, include, filter, includeTotal, resourceId } = input
  const threadIds = [threadId].flat().filter((id) => typeof id === 'string' && id !== '')
  if (threadIds.length === 0) return
  const few = includeTotal === false && typeof perPage === 'number' && page === 0 && filter === undefined
  if (few && !include?.length && perPage > 0 && orderBy?.direction === 'DESC') {
    const filters = rowsOf('message', { threadIds, ...(resourceId && { resourceId }) })
    await rows.all('message', filters, { order: 'created_at:desc', limit: perPage + 1 })
    return
  }
  await rows.messages(threadIds)
  await rows.around((include ?? []).map(({ id }) => id))
}

async function messagesWithThreads(
  rows: Rows,
  ids: readonly string[],
  threadIds: readonly (string | undefined)[] = [],
) {
  const messages = (await rows.byKey('message', ids)) as StorageMessageType[]
  await rows.byKey('thread', [...messages.map(({ thread_id }) => thread_id), ...threadIds])
}

async function threadWithMessages(rows: Rows, id: string): Promise<void> {
  await rows.byKey('thread', [id])
  await rows.messages([id])
}

/** Mastra's calls, over memories. */
export function callsOf(om: MemoryStore, inMemory: InMemory): Calls {
  const work = new Work(om, inMemory)
  const byRecord =
    <K extends keyof Calls>(name: K, idIn: (input: never) => string) =>
    (...input: Parameters<Calls[K]>) =>
      work.write(
        (rows) => rows.observationsWith(idIn(input[0] as never)),
        (memory) => (memory[name] as (...all: typeof input) => Promise<never>)(...input),
      )
  const byId = <K extends keyof Calls>(name: K) => byRecord(name, ({ id }: { id: string }) => id)
  const byFlag = <K extends keyof Calls>(name: K) => byRecord(name, (id: string) => id)
  return {
    dangerouslyClearAll: () => work.clear(),
    getThreadById: (input) =>
      work.read(
        (rows) => rows.byKey('thread', [input.threadId]),
        (memory) => memory.getThreadById(input),
      ),
    saveThread: (input) =>
      work.write(
        (rows) => rows.byKey('thread', [input.thread.id]),
        (memory) => memory.saveThread(input),
      ),
    updateThread: (input) =>
      work.write(
        (rows) => rows.byKey('thread', [input.id]),
        (memory) => memory.updateThread(input),
      ),
    deleteThread: (input) =>
      work.write(
        (rows) => threadWithMessages(rows, input.threadId),
        (memory) => memory.deleteThread(input),
      ),
    listThreads: (input) =>
      work.read(
        (rows) => rows.all('thread', rowsOf('thread', { resourceId: input.filter?.resourceId })),
        (memory) => memory.listThreads(input),
      ),
    copyThread: (input) =>
      work.write(
        async (rows) => {
          await threadWithMessages(rows, input.sourceThreadId)
          await rows.byKey('thread', [input.newThreadId])
        },
        (memory) => memory.copyThread(input),
      ),
    listMessages: (input) =>
      work.read(
        (rows) => messagesOf(rows, input),
        (memory) => memory.listMessages(input),
      ),
    listMessagesByResourceId: (input) =>
      work.read(
        async (rows) => {
          await rows.all('message', rowsOf('message', { resourceId: input.resourceId }))
          await rows.around((input.include ?? []).map(({ id }) => id))
        },
        (memory) => memory.listMessagesByResourceId(input),
      ),
    listMessagesById: (input) =>
      work.read(
        (rows) => rows.byKey('message', input.messageIds),
        (memory) => memory.listMessagesById(input),
      ),
    saveMessages: (input) =>
      work.write(
        (rows) => {
          const threads = input.messages.map(({ threadId }) => threadId)
          return messagesWithThreads(
            rows,
            input.messages.map(({ id }) => id),
            threads,
          )
        },
        (memory) => memory.saveMessages(input),
      ),
    updateMessages: (input) =>
      work.write(
        (rows) => {
          const threads = input.messages.map(({ threadId }) => threadId)
          return messagesWithThreads(
            rows,
            input.messages.map(({ id }) => id),
            threads,
          )
        },
        // biome-ignore lint/suspicious/noExplicitAny: the in-memory storage is stricter about parts of a content
        (memory) => memory.updateMessages(input as any),
      ),
    deleteMessages: (ids) =>
      work.write(
        (rows) => messagesWithThreads(rows, ids),
        (memory) => memory.deleteMessages(ids),
      ),
    getResourceById: (input) =>
      work.read(
        (rows) => rows.byKey('resource', [input.resourceId]),
        (memory) => memory.getResourceById(input),
      ),
    saveResource: (input) =>
      work.write(
        (rows) => rows.byKey('resource', [input.resource.id]),
        (memory) => memory.saveResource(input),
      ),
    updateResource: (input) =>
      work.write(
        (rows) => rows.byKey('resource', [input.resourceId]),
        (memory) => memory.updateResource(input),
      ),
    getObservationalMemory: (threadId, resourceId) =>
      work.read(
        (rows) => rows.observations(resourceId),
        (memory) => memory.getObservationalMemory(threadId, resourceId),
      ),
    getObservationalMemoryHistory: (threadId, resourceId, ...rest) =>
      work.read(
        (rows) => rows.observations(resourceId),
        (memory) => memory.getObservationalMemoryHistory(threadId, resourceId, ...rest),
      ),
    initializeObservationalMemory: (input) =>
      work.write(
        (rows) => rows.observations(input.resourceId),
        (memory) => memory.initializeObservationalMemory(input),
      ),
    insertObservationalMemoryRecord: (record) =>
      work.write(
        (rows) => rows.observations(record.resourceId),
        (memory) => memory.insertObservationalMemoryRecord(record),
      ),
    clearObservationalMemory: (threadId, resourceId) =>
      work.write(
        (rows) => rows.observations(resourceId),
        (memory) => memory.clearObservationalMemory(threadId, resourceId),
      ),
    createReflectionGeneration: (input) =>
      work.write(
        (rows) => rows.observations(input.currentRecord.resourceId),
        (memory) => memory.createReflectionGeneration(input),
      ),
    swapBufferedReflectionToActive: (input) =>
      work.write(
        (rows) => rows.observations(input.currentRecord.resourceId),
        (memory) => memory.swapBufferedReflectionToActive(input),
      ),
    updateActiveObservations: byId('updateActiveObservations'),
    updateBufferedObservations: byId('updateBufferedObservations'),
    swapBufferedToActive: byId('swapBufferedToActive'),
    updateBufferedReflection: byId('updateBufferedReflection'),
    updateObservationalMemoryConfig: byId('updateObservationalMemoryConfig'),
    setReflectingFlag: byFlag('setReflectingFlag'),
    setObservingFlag: byFlag('setObservingFlag'),
    setBufferingObservationFlag: byFlag('setBufferingObservationFlag'),
    setBufferingReflectionFlag: byFlag('setBufferingReflectionFlag'),
    setPendingMessageTokens: byFlag('setPendingMessageTokens'),
  }
}
