/** What the command was told. */
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { OURS } from './result';

export interface Options {
  json: string | undefined;
  rounds: number;
  engines: string[];
  /** A commit that Leviathan is compared with, in place of other engines. */
  baseline: string | undefined;
  metrics: string[];
  quick: boolean;
  folder: string;
  node: string | undefined;
  profile: string | undefined;
}

export const usage = `Usage: npm run bench -- queue [options]
       npm run bench -- readme FILE     writes the results in FILE into benchmarks/README.md

Measures Leviathan and its peers side by side and prints the medians of several rounds.

  --engines a,b    only these, in this order (all by default)
  --baseline REF   Leviathan alone, beside itself as it was at this commit
  --metrics x,y    only these (all by default)
  --rounds N       rounds of each measurement (5 by default)
  --quick          one small round, to see that everything works; its figures mean nothing
  --json FILE      writes the results there
  --dir DIR        where the queues stand while they are measured (the system's temporary folder by default)
  --node PATH      the Node that runs what is measured (by default this one, or Node 22 if a peer needs it)
  --profile DIR    writes a CPU profile of each measured process there`;

/** The command line was not understood. */
export class UsageError extends Error {}

/** @throws UsageError */
export function parseOptions(args: string[], known: { engines: string[]; metrics: string[] }): Options {
  const { values, positionals } = parse(args);
  if (positionals.length !== 1 || positionals[0] !== 'queue') throw new UsageError('Say what to measure: queue.');
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
  if (!Number.isInteger(rounds) || rounds < 1) throw new UsageError('--rounds takes a whole number of 1 or more.');
  if (values.baseline !== undefined && values.engines !== undefined) {
    throw new UsageError('--baseline compares Leviathan with itself: it takes no --engines.');
  }
  return {
    json: values.json,
    rounds,
    engines: values.baseline === undefined ? chosen('engine', values.engines, known.engines) : [OURS],
    baseline: values.baseline,
    metrics: chosen('metric', values.metrics, known.metrics),
    quick: values.quick ?? false,
    folder: values.dir ?? tmpdir(),
    node: values.node,
    profile: values.profile,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        json: { type: 'string' },
        rounds: { type: 'string' },
        engines: { type: 'string' },
        baseline: { type: 'string' },
        metrics: { type: 'string' },
        quick: { type: 'boolean' },
        dir: { type: 'string' },
        node: { type: 'string' },
        profile: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function chosen(what: string, list: string | undefined, known: string[]): string[] {
  if (list === undefined) return known;
  const names = list.split(',').filter(Boolean);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0 || names.length === 0) {
    throw new UsageError(`There is no ${what} ${unknown.join(', ') || '""'}. There are: ${known.join(', ')}.`);
  }
  return names;
}
