import type { OptionSpec, OptionSpecs } from './args.js';
import type { Verb } from './verb.js';

const flagsOf = (options: OptionSpecs): string[] =>
  Object.entries(options).flatMap(([name, { short }]) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])]);

const isFile = ({ value }: OptionSpec): boolean => value === 'FILE' || value === 'DIR';

/** A script for bash, to be sourced. */
export function bashCompletion(verbs: readonly Verb[]): string {
  const cases = verbs.flatMap(({ name, options }) => {
    const choices = Object.entries(options).flatMap(([option, { choices: some }]) =>
      some === undefined ? [] : [`    '${name} --${option}') words='${some.join(' ')}' ;;`],
    );
    const values = Object.entries(options).flatMap(([option, spec]) =>
      spec.value === undefined || spec.choices !== undefined || isFile(spec)
        ? []
        : flagsOf({ [option]: spec }).map((flag) => `'${name} ${flag}'`),
    );
    return [...choices, ...(values.length > 0 ? [`    ${values.join('|')}) return ;;`] : [])];
  });
  return `# stmp completion bash: put "source <(stmp completion bash)" into ~/.bashrc
_stmp() {
  local verb=\${COMP_WORDS[1]} current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} words=''
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${verbs.map(({ name }) => name).join(' ')}' -- "$current"))
    return
  fi
  case "$verb $previous" in
${cases.join('\n')}
  esac
  if [ -z "$words" ] && [[ $current == -* ]]; then
    case "$verb" in
${verbs.map(({ name, options }) => `      ${name}) words='${flagsOf(options).join(' ')} --help' ;;`).join('\n')}
    esac
  fi
  if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$current"))
  elif [[ $current == @* ]]; then COMPREPLY=($(compgen -P @ -f -- "\${current#@}"))
  else COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -o filenames -F _stmp stmp
`;
}

/** Text inside of single quotes, in which brackets and colons mean something to \`_arguments\`. */
const zshText = (text: string): string => text.replace(/'/g, "'\\''").replace(/[[\]:]/g, '\\$&');

/** A script for zsh, to be sourced or put into a folder of \`fpath\` as \`_stmp\`. */
export function zshCompletion(verbs: readonly Verb[]): string {
  const spec = ([name, option]: readonly [string, OptionSpec]): string => {
    const { short, value, choices, isRepeated, text } = option;
    const action = choices === undefined ? (isFile(option) ? '_files' : ' ') : `(${choices.join(' ')})`;
    const rest = `[${zshText(text)}]${value === undefined ? '' : `:${zshText(value.replaceAll("'", ''))}:${action}`}`;
    const star = isRepeated ? '*' : '';
    return [`--${name}`, ...(short === undefined ? [] : [`-${short}`])]
      .map((flag) => `        '${star}${flag}${rest}'`)
      .join(' \\\n');
  };
  const cases = verbs.map(
    ({ name, options }) => `    ${name})
      _arguments \\
${[...Object.entries(options), ['help', { text: 'help' }] as const].map(spec).join(' \\\n')} \\
        '*:argument:_files' ;;`,
  );
  return `#compdef stmp
# stmp completion zsh: put "source <(stmp completion zsh)" into ~/.zshrc, behind compinit
_stmp() {
  local -a verbs
  verbs=(
${verbs.map(({ name, summary }) => `    '${name}:${zshText(summary)}'`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe verb verbs
    return
  fi
  local verb=$words[2]
  shift words
  (( CURRENT-- ))
  case $verb in
${cases.join('\n')}
  esac
}
compdef _stmp stmp
`;
}
