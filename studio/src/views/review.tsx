// Which proposals of a language model wait for a person? Each with the words it rests on, and what it would change.

import { useCallback, useEffect, useState } from 'preact/hooks'
import * as api from '../api/memories'
import { explainError } from '../api/request'
import type { LearnedOperation, Learning } from '../api/types'
import { InlineDiff } from '../components/diff'
import { onChanges, onReturn } from '../state/live'
import { fail, notify } from '../state/notices'
import { href } from '../state/route'
import { fullTime } from '../text/time'

export function Review() {
  const [learnings, setLearnings] = useState<Learning[]>()
  const [problem, setProblem] = useState('')

  const read = useCallback(async () => {
    try {
      setLearnings(await api.learnings())
      setProblem('')
    } catch (error) {
      setProblem(explainError(error))
    }
  }, [])
  useEffect(() => {
    read()
  }, [read])
  useEffect(() => onChanges(read), [read])
  useEffect(() => onReturn(read), [read])

  const waiting = (learnings ?? []).filter(({ status }) => status === 'waiting')
  const others = (learnings ?? []).filter(({ status }) => status !== 'waiting')
  const decide = async (learning: Learning, body: Parameters<typeof api.decide>[1], what: string) => {
    try {
      await api.decide(learning.id, body)
      notify(what)
      await read()
    } catch (error) {
      fail(error)
      read()
    }
  }
  const undo = (learning: Learning) =>
    api.undoLearning(learning.id).then(() => {
      notify('Took the learning back')
      read()
    }, fail)

  return (
    <div class="review">
      <h1>Review</h1>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {learnings && waiting.length === 0 && (
        <div class="empty">
          <h2>Nothing waits</h2>
          <p>
            Changes that a language model proposes with <code>mode: 'review'</code> or <code>'propose'</code> wait here.
          </p>
        </div>
      )}
      {waiting.map((learning) => (
        <section key={learning.id} class="panel learning" aria-label={`Learning of ${fullTime(learning.created_at)}`}>
          <header>
            <Origin learning={learning} />
            <div class="actions">
              <button type="button" class="main" onClick={() => decide(learning, { all: 'apply' }, 'Applied all')}>
                Apply all
              </button>
              <button type="button" onClick={() => decide(learning, { all: 'discard' }, 'Discarded all')}>
                Discard all
              </button>
            </div>
          </header>
          <ol>
            {learning.operations.map((operation, at) => (
              <li key={at}>
                <Proposal operation={operation} />
                {operation.state === 'waiting' ? (
                  <div class="actions">
                    <button
                      type="button"
                      onClick={() => decide(learning, { decisions: { [at]: 'apply' } }, 'Applied the proposal')}
                    >
                      Apply<span class="unseen"> proposal {at + 1}</span>
                    </button>
                    <button
                      type="button"
                      onClick={() => decide(learning, { decisions: { [at]: 'discard' } }, 'Discarded the proposal')}
                    >
                      Discard<span class="unseen"> proposal {at + 1}</span>
                    </button>
                  </div>
                ) : (
                  <span class="badge">{operation.state}</span>
                )}
              </li>
            ))}
          </ol>
        </section>
      ))}
      {others.length > 0 && <h2>Earlier</h2>}
      {others.map((learning) => (
        <details key={learning.id} class="panel learning">
          <summary>
            <Origin learning={learning} /> <span class="badge">{learning.status}</span>
          </summary>
          <ol>
            {learning.operations.map((operation, at) => (
              <li key={at}>
                <Proposal operation={operation} />
                <span class="badge">{operation.state}</span>
              </li>
            ))}
          </ol>
          {learning.operations.some(({ state }) => state === 'applied') && (
            <button type="button" onClick={() => undo(learning)}>
              Take it back
            </button>
          )}
        </details>
      ))}
    </div>
  )
}

function Origin({ learning }: { learning: Learning }) {
  return (
    <span>
      <b>{fullTime(learning.created_at)}</b> by {learning.model}
      {learning.user_id && ` about ${learning.user_id}`}
    </span>
  )
}

const DOES: Record<string, string> = { add: 'Add', update: 'Change', retire: 'Retire', merge: 'Merge', keep: 'Keep' }

function Proposal({ operation: { operation, quotes, reason, before, id, error } }: { operation: LearnedOperation }) {
  const target = id ?? operation?.id
  return (
    <div class="proposal">
      <p>
        <b>{DOES[operation?.op ?? ''] ?? 'Refused'}</b>
        {operation?.why && ` as ${operation.why}`}
        {reason && `: ${reason}`}
        {target && (
          <>
            {' '}
            <a href={href('memories', target)}>Open</a>
          </>
        )}
      </p>
      {before !== undefined && operation?.content !== undefined ? (
        <InlineDiff before={before} after={operation.content} />
      ) : operation?.op === 'retire' && before ? (
        <p class="text diff">
          <del>{before}</del>
        </p>
      ) : (
        operation?.content && <p class="text">{operation.content}</p>
      )}
      {quotes.map(({ text }, at) => (
        <p key={at} class="quote">
          <q>{text}</q>
        </p>
      ))}
      {error && <p class="problem">{error.message}</p>}
    </div>
  )
}
