/** The completion script for zsh. @module */
import type { OptionSpec, ProgramSpec, Values } from './spec';

/** Writes the script: a function to be saved as `_leviathan` in a folder of `fpath`, or sourced. */
export function zshScript(spec: ProgramSpec): string {
  const commands = spec.commands.flatMap(({ names, description }) =>
    names.map((name) => quote(`${name}:${colons(description)}`)),
  );
  const cases = spec.commands.map(({ names, options, values }) => {
    const specs = [...options, ...spec.options].flatMap(optionSpecs);
    const rest = values.kind === 'any' ? [] : [quote(`*:argument:${action(values)}`)];
    return `        ${names.join('|')})
          _arguments -s ${[...specs, ...rest].join(' ')} ;;`;
  });
  return `#compdef leviathan
# zsh completion for leviathan. Load it with: source <(leviathan completion zsh)
_leviathan_ask() {
  local -a found
  local at=\${leviathan_line[(I)--root]} root=
  (( at )) && root=\${leviathan_line[at+1]}
  found=("\${(@f)$(leviathan \${root:+--root} \${root:+$root} __complete $1 "$PREFIX" 2>/dev/null | sed -e 's/:/\\\\:/g' -e $'s/\\t/:/')}")
  [[ -n "$found" ]] && _describe -t $1 $1 found
}
_leviathan_ids() { _leviathan_ask ids }
_leviathan_types() { _leviathan_ask types }
_leviathan() {
  local curcontext="$curcontext" state line
  typeset -A opt_args
  # The whole line: _arguments cuts words down to what concerns it.
  local -a leviathan_line=($words)
  local -a commands
  commands=(
    ${commands.join('\n    ')}
  )
  _arguments -C -s -A '-*' ${spec.options.flatMap(optionSpecs).join(' ')} '1: :->command' '*:: :->rest'
  case $state in
    command) _describe -t commands command commands ;;
    rest)
      case $words[1] in
${cases.join('\n')}
      esac ;;
  esac
}
if [[ "$funcstack[1]" == "_leviathan" ]]; then _leviathan "$@"; else compdef _leviathan leviathan; fi
`;
}

function optionSpecs({ short, long, description, values }: OptionSpec): string[] {
  const text = `[${colons(description).replaceAll('[', '(').replaceAll(']', ')')}]`;
  const value = values === undefined ? '' : `:value:${action(values)}`;
  // The star: options may be given several times.
  return (short === undefined ? [long] : [short, long]).map((flag) => quote(`*${flag}${text}${value}`));
}

function action(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `(${values.words.join(' ')})`;
    case 'ids':
      return '_leviathan_ids';
    case 'types':
      return '_leviathan_types';
    case 'files':
      return '_files';
    case 'folders':
      return '_files -/';
    default:
      return ' ';
  }
}

function colons(text: string): string {
  return text.replaceAll(':', '\\:');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
