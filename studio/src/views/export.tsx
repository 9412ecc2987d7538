// All memories that the filters leave, as a file.

import { useState } from 'preact/hooks'
import { exported } from '../api/memories'
import { filters } from '../state/filters'
import { fail } from '../state/notices'
import { megabytes } from '../text/size'
import { download } from './download'

export function ExportButton() {
  const [bytes, setBytes] = useState<number>()
  const run = async () => {
    setBytes(0)
    try {
      download(await exported(filters(), setBytes), 'memories')
    } catch (error) {
      fail(error)
    } finally {
      setBytes(undefined)
    }
  }
  return (
    <button type="button" disabled={bytes !== undefined} onClick={run}>
      {bytes === undefined ? 'Export' : `Exporting ${megabytes(bytes)}`}
    </button>
  )
}
