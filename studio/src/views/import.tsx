// How does a file come in? Dropped on the page, or chosen.

import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { type Imported, imported } from '../api/memories'
import { explainError } from '../api/request'
import { Dialog } from '../components/dialog'

const chosen = signal<File | undefined>(undefined)

export function ImportButton({ disabled }: { disabled: boolean }) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <button type="button" disabled={disabled} onClick={() => input.current?.click()}>
        Import
      </button>
      <input
        ref={input}
        type="file"
        hidden
        aria-label="A file of exported memories"
        accept=".jsonl,.ndjson,.txt,application/jsonl"
        onChange={(event) => {
          chosen.value = event.currentTarget.files?.[0]
          event.currentTarget.value = ''
        }}
      />
    </>
  )
}

export function DropImport({ children, disabled }: { children: ComponentChildren; disabled: boolean }) {
  const [over, setOver] = useState(false)
  return (
    <div
      class={over ? 'drop over' : 'drop'}
      onDragOver={(event) => {
        if (disabled || !event.dataTransfer?.types.includes('Files')) return
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={(event) => {
        if (event.currentTarget === event.target) setOver(false)
      }}
      onDrop={(event) => {
        if (disabled) return
        event.preventDefault()
        setOver(false)
        chosen.value = event.dataTransfer?.files[0]
      }}
    >
      {children}
      {over && <p class="drop-here">Drop the file to import it</p>}
      {chosen.value && <ImportDialog key={chosen.value.name} file={chosen.value} />}
    </div>
  )
}

function ImportDialog({ file }: { file: File }) {
  const [conflict, setConflict] = useState<'report' | 'skip' | 'replace'>('report')
  const [progress, setProgress] = useState<[number, number]>()
  const [result, setResult] = useState<Imported>()
  const [problem, setProblem] = useState('')
  const abort = useRef<AbortController | null>(null)
  const busy = abort.current !== null && !result && !problem

  const run = async () => {
    abort.current = new AbortController()
    setProblem('')
    setProgress([0, 0])
    try {
      const { signal } = abort.current
      setResult(
        await imported(file, { onConflict: conflict, onProgress: (done, all) => setProgress([done, all]), signal }),
      )
    } catch (error) {
      abort.current = null
      setProblem(explainError(error))
    }
  }

  const close = () => {
    abort.current?.abort()
    chosen.value = undefined
  }

  return (
    <Dialog title={`Import ${file.name}`} onClose={close}>
      <div class="stack">
        {!progress && (
          <label>
            If a memory is already here with another history
            <select value={conflict} onChange={(event) => setConflict(event.currentTarget.value as typeof conflict)}>
              <option value="report">keep it, and report the imported one</option>
              <option value="skip">keep it</option>
              <option value="replace">replace it</option>
            </select>
          </label>
        )}
        {progress && (
          <>
            <progress
              aria-label="Progress"
              max={progress[1] || 1}
              value={result ? progress[1] || 1 : progress[1] > 0 ? progress[0] : undefined}
            />
            <p role="status">
              {result
                ? `${result.imported} imported, ${result.replaced} replaced, ${result.skipped} already here, ${result.failed} not imported`
                : progress[1] > 0
                  ? `${progress[0].toLocaleString()} of ${progress[1].toLocaleString()}`
                  : 'Sending and checking the file…'}
            </p>
          </>
        )}
        {result && result.errors.length > 0 && (
          <ul class="problems">
            {result.errors.slice(0, 20).map(({ line, error }) => (
              <li key={line}>
                Line {line}: {error.message}
              </li>
            ))}
          </ul>
        )}
        {problem && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <footer>
          <button type="button" onClick={close}>
            {result ? 'Close' : 'Cancel'}
          </button>
          {!result && (
            <button type="button" class="main" disabled={busy} onClick={run}>
              {problem ? 'Try again' : 'Import'}
            </button>
          )}
        </footer>
      </div>
    </Dialog>
  )
}
