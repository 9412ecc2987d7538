// How are two texts shown side by side, or as one? With the words that changed marked.

import { diffWords, type Piece } from '../text/diff'

export function InlineDiff({ before, after }: { before: string; after: string }) {
  return <p class="text diff">{diffWords(before, after).map(show)}</p>
}

export function SideBySide({
  before,
  after,
  titles,
}: {
  before: string
  after: string
  titles: [preact.ComponentChildren, preact.ComponentChildren]
}) {
  const pieces = diffWords(before, after)
  return (
    <div class="sides">
      <section>
        <h4>{titles[0]}</h4>
        <p class="text">{pieces.filter(({ kind }) => kind !== 'new').map(show)}</p>
      </section>
      <section>
        <h4>{titles[1]}</h4>
        <p class="text">{pieces.filter(({ kind }) => kind !== 'gone').map(show)}</p>
      </section>
    </div>
  )
}

function show({ kind, text }: Piece, at: number) {
  if (kind === 'gone') return <del key={at}>{text}</del>
  if (kind === 'new') return <ins key={at}>{text}</ins>
  return <span key={at}>{text}</span>
}
