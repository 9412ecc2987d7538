import './style/studio.css'
import { render } from 'preact'
import { startLive } from './state/live'
import { App } from './views/app'

startLive()
render(<App />, document.getElementById('app') as HTMLElement)
