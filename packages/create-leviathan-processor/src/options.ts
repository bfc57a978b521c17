/**
 * What the command is asked for.
 *
 * @module
 */
import { parseArgs } from 'node:util';
import validateName from 'validate-npm-package-name';

/** A package to write. */
export interface Options {
  /** Of the package, scope included. */
  name: string;
  /** Of its jobs. */
  type: string;
  description: string;
  /** The folder, as it was given. */
  dir: string;
  /** Write into a folder that is not empty. */
  force: boolean;
}

/** The command was called in a way that makes no sense. */
export class UsageError extends Error {}

/** As core demands it of a type. */
const TYPE = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/;

/** The text of `--help`. */
export const HELP = `Writes a package with a Leviathan processor, its plugin and its tests.

Usage: create-leviathan-processor <name> [options]

  --type <type>          type of its jobs (the name without scope and prefix)
  --description <text>   one sentence for people
  --dir <folder>         where to write it (./<name>)
  --force                also into a folder that is not empty; files of the same names are overwritten
  -h, --help             print this
  -V, --version          print the version`;

/**
 * Reads arguments.
 * @returns what to print instead, for `help` and `version`
 * @throws UsageError
 */
export function parseOptions(args: readonly string[]): Options | 'help' | 'version' {
  const { values, positionals } = parsed(args);
  if (values.help) return 'help';
  if (values.version) return 'version';
  const [name, ...more] = positionals;
  if (name === undefined) throw new UsageError('Name the package: create-leviathan-processor my-thing.');
  if (more.length > 0) throw new UsageError(`One package at a time; ${JSON.stringify(more[0])} is one too many.`);
  const { validForNewPackages, errors = [], warnings = [] } = validateName(name);
  if (!validForNewPackages) {
    throw new UsageError(`${JSON.stringify(name)} is no name for a package: ${[...errors, ...warnings].join('; ')}.`);
  }
  const bare = name.replace(/^@[^/]+\//, '');
  const type = values.type ?? (bare.replace(/^leviathan-(?:processor|plugin)-/, '') || bare);
  if (!TYPE.test(type)) {
    throw new UsageError(
      `${JSON.stringify(type)} is no type of job: give --type 1 to 128 of A-Z a-z 0-9 . _ : / -, the first a letter or digit.`,
    );
  }
  const { description = `Runs ${type} jobs.`, dir = bare, force = false } = values;
  if (/[\r\n]/.test(description)) throw new UsageError('The description is one line.');
  return { name, type, description, dir, force };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        type: { type: 'string' },
        description: { type: 'string' },
        dir: { type: 'string' },
        force: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'V' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
