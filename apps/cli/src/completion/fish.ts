/** The completion script for fish. @module */
import type { OptionSpec, ProgramSpec, Values } from './spec';

/** Writes the script; `leviathan completion fish | source` loads it. */
export function fishScript(spec: ProgramSpec): string {
  const names = spec.commands.flatMap((command) => command.names).join(' ');
  const lines = spec.options.map((option) => optionLine(option, ''));
  for (const command of spec.commands) {
    const inside = `-n ${quote(`__fish_seen_subcommand_from ${command.names.join(' ')}`)}`;
    for (const name of command.names) {
      lines.push(
        `complete -c leviathan -n ${quote(`not __fish_seen_subcommand_from ${names}`)} -a ${name} -d ${quote(command.description)}`,
      );
    }
    const value = argument(command.values);
    if (value !== '') lines.push(`complete -c leviathan ${inside} ${value}`);
    for (const option of command.options) lines.push(optionLine(option, inside));
  }
  return `# fish completion for leviathan. Load it with: leviathan completion fish | source
function __leviathan_ask
  set -l words (commandline -opc)
  set -l at (contains -i -- --root $words)
  set -l root
  if test -n "$at"
    set root --root $words[(math $at + 1)]
  end
  leviathan $root __complete $argv[1] (commandline -ct) 2>/dev/null
end
complete -c leviathan -f
${lines.join('\n')}
`;
}

function optionLine({ short, long, description, values }: OptionSpec, inside: string): string {
  const parts = [
    'complete -c leviathan',
    inside,
    short === undefined ? '' : `-s ${short.slice(1)}`,
    `-l ${long.slice(2)}`,
    `-d ${quote(description)}`,
  ];
  if (values !== undefined) parts.push('-r', argument(values));
  return parts.filter((part) => part !== '').join(' ');
}

function argument(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `-a ${quote(values.words.join(' '))}`;
    case 'ids':
    case 'types':
      return `-a ${quote(`(__leviathan_ask ${values.kind})`)}`;
    case 'files':
      return '-F';
    case 'folders':
      return `-a ${quote('(__fish_complete_directories)')}`;
    default:
      return '';
  }
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
