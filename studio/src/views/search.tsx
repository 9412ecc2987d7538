// Why did a search find what it found? Results as one types, each with the parts of its score; what would have come next; and
// what a threshold drops.

import { useEffect, useState } from 'preact/hooks'
import { search } from '../api/memories'
import { explainError } from '../api/request'
import type { Match } from '../api/types'
import { useFocus } from '../components/focus'
import { MarkedText } from '../components/marked'
import { asOf, filters } from '../state/filters'
import { onChanges, onReturn } from '../state/live'
import { href, route, setParams } from '../state/route'
import { GROUP_NAMES, partsOf, pointsOf } from '../text/score'
import { FilterBar } from './filter-bar'

const PAUSE_MS = 120
/** Hits after the last one that a program with this limit would get. */
const NEXT = 5

export function SearchView() {
  const { params } = route.value
  const [text, setText] = useState(params.get('q') ?? '')
  const [limit, setLimit] = useState(8)
  const [threshold, setThreshold] = useState(0)
  const [hits, setHits] = useState<Match[]>()
  const [took, setTook] = useState(0)
  const [problem, setProblem] = useState('')
  const [again, setAgain] = useState(0)
  const input = useFocus<HTMLInputElement>()
  const wanted = JSON.stringify([text, limit, filters(), asOf(), again])

  useEffect(() => onChanges(() => setAgain((count) => count + 1)), [])
  useEffect(() => onReturn(() => setAgain((count) => count + 1)), [])

  useEffect(() => {
    if (text.trim() === '') {
      setHits(undefined)
      return undefined
    }
    const abort = new AbortController()
    const timer = setTimeout(async () => {
      const begun = performance.now()
      try {
        const past = asOf()
        const options = { query: text, limit: limit + NEXT, filters: filters(), ...(past && { asOf: past }) }
        const { matches } = await search(options, abort.signal)
        setHits(matches)
        setProblem('')
        setTook(performance.now() - begun)
        setParams((params) => params.set('q', text))
      } catch (error) {
        if (!abort.signal.aborted) setProblem(explainError(error))
      }
    }, PAUSE_MS)
    return () => {
      clearTimeout(timer)
      abort.abort()
    }
  }, [wanted])

  const returned = (hits ?? []).slice(0, limit)
  const kept = returned.filter(({ score }) => score >= threshold)
  const dropped = returned.filter(({ score }) => score < threshold)
  const next = (hits ?? []).slice(limit)
  const scale = Math.max(4, ...(hits ?? []).map(({ explain }) => reach(explain)))

  return (
    <div class="search">
      <h1 class="unseen">Search</h1>
      <div class="search-head">
        <label class="search-box">
          <span class="unseen">Question</span>
          <input
            ref={input}
            type="search"
            placeholder="Ask as a program would: What does Ada drink?"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <FilterBar />
        <div class="search-options">
          <label>
            Limit
            <select value={String(limit)} onChange={(event) => setLimit(Number(event.currentTarget.value))}>
              {[3, 5, 8, 10, 20, 50].map((count) => (
                <option key={count} value={String(count)}>
                  {count}
                </option>
              ))}
            </select>
          </label>
          <label class="threshold">
            <span>Threshold {threshold.toFixed(2)}</span>
            <input
              type="range"
              aria-label="Threshold"
              min="0"
              max="1"
              step="0.01"
              value={String(threshold)}
              onInput={(event) => setThreshold(Number(event.currentTarget.value))}
            />
          </label>
          <p role="status" class="hint">
            {hits &&
              `${kept.length} found${dropped.length > 0 ? `, ${dropped.length} dropped by the threshold` : ''}, ${Math.round(took)} ms`}
          </p>
        </div>
      </div>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {!hits && !problem && (
        <div class="empty">
          <h2>Ask something</h2>
          <p>
            Each result shows what its score is made of. Searching here counts like any search: what is found fades
            less.
          </p>
        </div>
      )}
      {hits && kept.length === 0 && <p class="empty">Nothing is found{dropped.length > 0 && ' at this threshold'}.</p>}
      <Hits hits={kept} question={text} scale={scale} from={1} />
      {dropped.length > 0 && (
        <section class="dropped" aria-labelledby="dropped">
          <h2 id="dropped">Dropped by the threshold</h2>
          <Hits hits={dropped} question={text} scale={scale} from={kept.length + 1} />
        </section>
      )}
      {next.length > 0 && (
        <section class="next" aria-labelledby="next">
          <h2 id="next">What would have come next</h2>
          <Hits hits={next} question={text} scale={scale} from={limit + 1} />
        </section>
      )}
    </div>
  )
}

function reach(explain: Match['explain']): number {
  return pointsOf(partsOf(explain))
    .filter(({ points }) => points > 0)
    .reduce((sum, { points }) => sum + points, 0)
}

function Hits({ hits, question, scale, from }: { hits: Match[]; question: string; scale: number; from: number }) {
  return (
    <ol class="hits" start={from}>
      {hits.map((hit) => (
        <li key={hit.id} class="hit">
          <div class="hit-head">
            <b class="score" title={`Score ${hit.score}, similarity ${hit.similarity.toFixed(3)}`}>
              {hit.score.toFixed(2)}
            </b>
            <a class="text" href={href('memories', hit.id)}>
              <MarkedText text={hit.content} question={question} />
            </a>
          </div>
          <ScoreBar hit={hit} scale={scale} />
          <p class="row-meta">
            {hit.user_id && <span class="who">{hit.user_id}</span>}
            {hit.tags.map((tag, at) => (
              <span key={at} class="tag">
                {tag}
              </span>
            ))}
            {hit.path.length > 1 && <span>found by way of a memory beside it in its run</span>}
          </p>
        </li>
      ))}
    </ol>
  )
}

function ScoreBar({ hit, scale }: { hit: Match; scale: number }) {
  const parts = partsOf(hit.explain)
  const groups = pointsOf(parts)
  const told = groups.map(
    ({ group, points }) => `${GROUP_NAMES[group]} ${points > 0 ? '+' : '−'}${Math.abs(points).toFixed(1)}`,
  )
  const width = (points: number) => ({ width: `${(Math.abs(points) / scale) * 100}%` })
  return (
    <details class="why">
      <summary>
        <span class="bar" role="img" aria-label={told.join(', ')}>
          {groups
            .filter(({ points }) => points > 0)
            .map(({ group, points }) => (
              <span
                key={group}
                class={`part ${group}`}
                style={width(points)}
                title={`${GROUP_NAMES[group]} +${points.toFixed(2)}`}
              />
            ))}
        </span>
        <span class="told" aria-hidden="true">
          {groups.map(({ group }, at) => (
            <span key={group} class={`key ${group}`}>
              {GROUP_NAMES[group]} {told[at]?.split(' ').at(-1)}
            </span>
          ))}
        </span>
      </summary>
      <table>
        <thead>
          <tr>
            <th scope="col">Part</th>
            <th scope="col">Value</th>
            <th scope="col">Weight</th>
            <th scope="col">Points</th>
          </tr>
        </thead>
        <tbody>
          {parts
            .filter(({ points }) => points !== 0)
            .map(({ name, value, weight, points }) => (
              <tr key={name}>
                <th scope="row">{name.replaceAll('_', ' ')}</th>
                <td>{value.toFixed(3)}</td>
                <td>{weight.toFixed(2)}</td>
                <td>{points.toFixed(2)}</td>
              </tr>
            ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">Sum x, as the score</th>
            <td />
            <td />
            <td>
              {parts.reduce((sum, { points }) => sum + points, 0).toFixed(2)} → {hit.score.toFixed(3)}
            </td>
          </tr>
        </tfoot>
      </table>
    </details>
  )
}
