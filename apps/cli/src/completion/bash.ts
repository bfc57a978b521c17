/** The completion script for bash. @module */
import type { OptionSpec, ProgramSpec, Values } from './spec';

/** Writes the script; `source <(leviathan completion bash)` loads it. */
export function bashScript(spec: ProgramSpec): string {
  const all = [...spec.options, ...spec.commands.flatMap(({ options }) => options)];
  const withValue = [...new Set(all.filter(({ values }) => values).flatMap(flags))];
  const cases = spec.commands.map(
    ({ names, options, values }) => `    ${names.join('|')})
      options=${quote([...options, ...spec.options].flatMap(flags).join('\n'))}
      case "$previous" in
${options
  .filter((option) => option.values)
  .map(valueCase)
  .join('\n')}
        *) ${arm(values)} ;;
      esac ;;`,
  );
  return `# bash completion for leviathan. Load it with: source <(leviathan completion bash)
_leviathan_ask() {
  local IFS=$' \\t\\n'
  leviathan \${root:+--root "$root"} __complete "$1" "$current" 2>/dev/null | cut -f 1
}
_leviathan() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local command= root= options= candidates= kind= word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "$word" in
      --root) root="\${COMP_WORDS[i+1]}"; i=$((i + 1)) ;;
      ${withValue.filter((flag) => flag !== '--root').join('|')}) i=$((i + 1)) ;;
      -*) ;;
      *) if [[ -z "$command" ]]; then command="$word"; fi ;;
    esac
  done
  case "$command" in
    '')
      options=${quote(spec.options.flatMap(flags).join('\n'))}
      case "$previous" in
${spec.options
  .filter((option) => option.values)
  .map(valueCase)
  .join('\n')}
        *) candidates=${quote(spec.commands.flatMap(({ names }) => names).join('\n'))} ;;
      esac ;;
${cases.join('\n')}
  esac
  case "$previous" in
    --root) kind=folders ;;
  esac
  # Without mapfile and, if need be, without compopt: macOS still comes with bash 3.
  local IFS=$'\\n'
  case "$kind" in
    ids|types) candidates="$(_leviathan_ask "$kind")" ;;
    files) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current")); return ;;
    folders) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$current")); return ;;
  esac
  if [[ "$current" == -* ]]; then candidates="$options"; fi
  COMPREPLY=($(compgen -W "$candidates" -- "$current"))
}
complete -F _leviathan leviathan
`;
}

function flags({ short, long }: OptionSpec): string[] {
  return short === undefined ? [long] : [short, long];
}

function valueCase(option: OptionSpec): string {
  return `        ${flags(option).join('|')}) ${arm(option.values ?? { kind: 'any' })} ;;`;
}

function arm(values: Values): string {
  if (values.kind === 'words') return `candidates=${quote(values.words.join('\n'))}`;
  return values.kind === 'any' ? 'candidates=' : `kind=${values.kind}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
