// What can a shell complete? Commands, and the options of each. `eval "$(openmemory completion)"` in bash or zsh.

import type { Command, Flags } from './command'

export function completion(commands: Command[], common: Flags): string {
  const words = (flags: Flags) => Object.keys(flags).map((flag) => `--${flag}`)
  const cases = commands.map(({ name, flags = {} }) => {
    const sub = name === 'keys' ? ['create', 'list', 'revoke'] : []
    return `    ${name}) words='${[...sub, ...words(flags), ...words(common)].join(' ')}' ;;`
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
