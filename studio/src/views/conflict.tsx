// Somebody else was faster: what did each side change, and which one is kept? Fields that only one side changed need no choice.

import { useState } from 'preact/hooks'
import type { Patch } from '../api/memories'
import type { Json, Memory } from '../api/types'
import { Dialog } from '../components/dialog'
import { SideBySide } from '../components/diff'
import { FieldChange } from './timeline'

interface Props {
  base: Memory
  theirs: Memory
  mine: Patch
  onChoose(patch: Patch): void
  onBack(): void
}

interface Field {
  name: string
  theirs: Json | undefined
  mine: Json
}

export function Conflict({ base, theirs, mine, onChoose, onBack }: Props) {
  const fields = changedFields(mine)
  const contested = fields.flatMap(({ name, value }): Field[] => {
    const [before, now] = [fieldOf(base, name), fieldOf(theirs, name)]
    const same = JSON.stringify(before) === JSON.stringify(now) || JSON.stringify(now) === JSON.stringify(value)
    return same ? [] : [{ name, theirs: now, mine: value }]
  })
  const [kept, setKept] = useState<Record<string, 'mine' | 'theirs'>>({})
  const open = contested.filter(({ name }) => !kept[name])

  const save = () => {
    const chosen = fields.filter(({ name }) => kept[name] !== 'theirs')
    onChoose(patchOf(chosen))
  }

  return (
    <Dialog title="Changed meanwhile" wide onClose={onBack}>
      <div class="stack">
        <p>
          This memory became version {theirs.version} while you edited version {base.version}. Nothing of yours is lost:
          choose what is kept.
        </p>
        {contested.length === 0 && <p>You changed different things, so both changes can stay.</p>}
        {contested.map(({ name, theirs: now, mine: value }) => (
          <fieldset key={name}>
            <legend>{name.replace(/^metadata\./, '')}</legend>
            {name === 'content' ? (
              <SideBySide before={String(now)} after={String(value)} titles={['Theirs', 'Yours']} />
            ) : (
              <FieldChange field="theirs → yours" from={now} to={value ?? 'removed'} />
            )}
            <div class="choice">
              {(['theirs', 'mine'] as const).map((side) => (
                <label key={side}>
                  <input
                    type="radio"
                    name={`keep-${name}`}
                    checked={kept[name] === side}
                    onChange={() => setKept({ ...kept, [name]: side })}
                  />
                  {side === 'mine' ? 'Keep yours' : 'Keep theirs'}
                </label>
              ))}
            </div>
          </fieldset>
        ))}
        <footer>
          <button type="button" onClick={onBack}>
            Back to editing
          </button>
          <button type="button" class="main" disabled={open.length > 0} onClick={save}>
            Save
          </button>
        </footer>
      </div>
    </Dialog>
  )
}

function changedFields({ content, tags, metadata = {} }: Patch): { name: string; value: Json }[] {
  return [
    ...(content === undefined ? [] : [{ name: 'content', value: content }]),
    ...(tags === undefined ? [] : [{ name: 'tags', value: tags }]),
    ...Object.entries(metadata).map(([name, value]) => ({ name: `metadata.${name}`, value })),
  ]
}

function fieldOf(memory: Memory, name: string): Json | undefined {
  if (name === 'content') return memory.content
  if (name === 'tags') return memory.tags
  return memory.metadata[name.slice('metadata.'.length)]
}

function patchOf(fields: { name: string; value: Json }[]): Patch {
  const patch: Patch = {}
  for (const { name, value } of fields) {
    if (name === 'content') patch.content = value as string
    else if (name === 'tags') patch.tags = value as string[]
    else patch.metadata = { ...patch.metadata, [name.slice('metadata.'.length)]: value }
  }
  return patch
}
