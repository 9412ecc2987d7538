// What can a shell complete? Commands and their options, after `eval "$(openmemory completion)"` in bash or zsh.

import type { Command, Flags } from './command'
import { flagsOf } from './parse'

/** What follows the name of a command that has several actions. */
const ACTIONS: Record<string, string[]> = { keys: ['create', 'list', 'revoke'], model: ['check'] }

export function completion(commands: Command[]): string {
  const words = (flags: Flags) => Object.keys(flags).map((flag) => `--${flag}`)
  const cases = commands.map((command) => {
    const { name } = command
    const sub = ACTIONS[name] ?? []
    return `    ${name}) words='${[...sub, ...words(flagsOf(command))].join(' ')}' ;;`
  })
  return `if [ -n "$ZSH_VERSION" ]; then autoload -U +X bashcompinit && bashcompinit; fi
_openmemory() {
  local words
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) words='${commands.map(({ name }) => name).join(' ')} help completion' ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _openmemory openmemory
`
}
