/**
 * What can be completed where, read off the program itself so that the scripts never lag behind it.
 *
 * @module
 */

import {
  CONFLICT_POLICIES,
  DEFINITION_KINDS,
  EVENT_KINDS,
  FAILURE_REASONS,
  JOB_STATUSES,
  LOG_LEVELS,
  MISSED_POLICIES,
  OVERLAP_POLICIES,
  PARENT_POLICIES,
} from '@leviathan/core';
import type { Command, Option } from 'commander';
import { KIND_NAMES } from '../parse/kinds';

/** What fits: fixed words, or what only the disk or the store knows. */
export type Values =
  | { kind: 'words'; words: readonly string[] }
  | { kind: 'ids' | 'types' | 'files' | 'folders' }
  | { kind: 'any' };

/** One option. */
export interface OptionSpec {
  short?: string;
  long: string;
  description: string;
  /** Left out for an option without a value. */
  values?: Values;
}

/** One command. */
export interface CommandSpec {
  names: string[];
  description: string;
  options: OptionSpec[];
  /** What its arguments may be. */
  values: Values;
}

/** The whole program. */
export interface ProgramSpec {
  commands: CommandSpec[];
  /** Options that go with every command. */
  options: OptionSpec[];
}

const words = (list: readonly string[]): Values => ({ kind: 'words', words: list });

const OPTION_VALUES: Readonly<Record<string, Values>> = {
  '--status': words(JOB_STATUSES),
  '--reason': words(FAILURE_REASONS),
  '--level': words(LOG_LEVELS),
  '--kind': words(EVENT_KINDS),
  '--sort': words(['created', 'updated', 'priority', 'queue']),
  '--type': { kind: 'types' },
  '--types': { kind: 'types' },
  '--before': { kind: 'ids' },
  '--after': { kind: 'ids' },
  '--depends-on': { kind: 'ids' },
  '--on-parent-failed': words(PARENT_POLICIES),
  '--missed': words(MISSED_POLICIES),
  '--overlap': words(OVERLAP_POLICIES),
  '--root': { kind: 'folders' },
  '--to': { kind: 'folders' },
  '--processors': { kind: 'files' },
  '--config': { kind: 'files' },
  '--only': words(KIND_NAMES),
  '--format': words(['ndjson', 'json']),
  '--on-conflict': words(CONFLICT_POLICIES),
};

const ARGUMENT_VALUES: Readonly<Record<string, Values>> = {
  add: { kind: 'types' },
  define: words(DEFINITION_KINDS),
  undefine: words(DEFINITION_KINDS),
  definitions: words(DEFINITION_KINDS),
  pause: { kind: 'types' },
  resume: { kind: 'types' },
  import: { kind: 'files' },
  undo: { kind: 'any' },
  clear: words(['completed', 'failed', 'finished', 'all']),
  completion: words(['bash', 'zsh', 'fish']),
};

/** Reads a program. */
export function specOf(program: Command): ProgramSpec {
  const visible = program
    .createHelp()
    .visibleCommands(program)
    .filter((command) => command.name() !== 'help');
  return {
    options: program.options.map(optionOf),
    commands: visible.map((command) => ({
      names: [command.name(), ...command.aliases()],
      description: command.description(),
      options: optionsOf(command),
      values: valuesOf(command),
    })),
  };
}

/** A command with commands of its own takes their names, and any of their options. */
function optionsOf(command: Command): OptionSpec[] {
  const all = [command, ...command.commands].flatMap(({ options }) => options.map(optionOf));
  return all.filter(({ long }, i) => all.findIndex((other) => other.long === long) === i);
}

function valuesOf(command: Command): Values {
  if (command.commands.length > 0) return words(command.commands.flatMap((one) => [one.name(), ...one.aliases()]));
  const { length } = command.registeredArguments;
  return ARGUMENT_VALUES[command.name()] ?? (length > 0 ? { kind: 'ids' } : { kind: 'any' });
}

function optionOf(option: Option): OptionSpec {
  const long = option.long ?? option.flags;
  return {
    ...(option.short && { short: option.short }),
    long,
    description: option.description,
    ...(option.required && { values: OPTION_VALUES[long] ?? { kind: 'any' } }),
  };
}
