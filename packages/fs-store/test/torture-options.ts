/** What the torture command was told. */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';

/** What can be tortured, each with the option that says how much. */
const KINDS = { kill: 'rounds', crash: 'states', faults: 'cases' } as const;

export interface TortureOptions {
  kind: keyof typeof KINDS;
  /** Rounds, states or cases; of these 0 for all that there are. */
  count: number;
  seed: number;
  json: string | undefined;
  dir: string | undefined;
  /** Of the cases those whose names hold this. */
  only: string | undefined;
}

/** How much there is without a word: some minutes. */
const USUAL = { kill: 300, crash: 1_000_000, faults: 5_000 };

export const usage = `Usage: npm run torture -- [kill] [--rounds N] [options]
       npm run torture -- crash [--states N] [options]
       npm run torture -- faults [--cases N|all] [options]

kill     real processes over one folder of jobs, killed at random moments (${USUAL.kill} rounds by default)
crash    every legal state of the disk after a crash (${USUAL.crash} states by default)
faults   failures of the file system, at each call (${USUAL.faults} cases by default)

  --seed S       the same plan again (a fresh one by default; it is printed)
  --json FILE    writes the report there
  --dir DIR      kill: where the folders of jobs are made (the system's temporary folder by default)
  --only TEXT    faults: of all cases those whose names hold this text, as that of a case that failed
  --help         this

Exit code: 0 when nothing was wrong, 1 when something was, 2 when the command was not understood.`;

/** The command line was not understood. */
export class UsageError extends Error {}

/** `help`, or what to do. @throws UsageError */
export function parseTorture(args: string[], freshSeed: () => number): TortureOptions | 'help' {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  const [kind = 'kill', ...more] = positionals;
  if (!isKind(kind)) throw new UsageError(`There is no torture ${JSON.stringify(kind)}: kill, crash or faults.`);
  if (more.length > 0) throw new UsageError(`One torture at a time: ${positionals.join(', ')}.`);
  for (const [other, option] of Object.entries(KINDS)) {
    if (other !== kind && values[option] !== undefined) throw new UsageError(`--${option} belongs to ${other}.`);
  }
  if (values.dir !== undefined && kind !== 'kill') throw new UsageError('--dir belongs to kill.');
  if (values.only !== undefined && kind !== 'faults') throw new UsageError('--only belongs to faults.');
  for (const option of ['dir', 'json'] as const) {
    const path = values[option];
    const folder = path === undefined ? '.' : option === 'dir' ? path : dirname(path);
    // Noticed now, and not after hours.
    if (path === '' || !isFolder(folder)) throw new UsageError(`--${option}: ${folder || '""'} is no folder.`);
  }
  const option = KINDS[kind];
  return {
    kind,
    count: kind === 'faults' && values.cases === 'all' ? 0 : (positive(option, values[option]) ?? USUAL[kind]),
    seed: positive('seed', values.seed) ?? freshSeed(),
    json: values.json,
    dir: values.dir,
    only: values.only,
  };
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isKind(text: string): text is keyof typeof KINDS {
  return Object.hasOwn(KINDS, text);
}

function positive(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < 1) {
    throw new UsageError(`--${option} takes a whole number of 1 or more, not ${JSON.stringify(text)}.`);
  }
  return value;
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        rounds: { type: 'string' },
        states: { type: 'string' },
        cases: { type: 'string' },
        seed: { type: 'string' },
        json: { type: 'string' },
        dir: { type: 'string' },
        only: { type: 'string' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
