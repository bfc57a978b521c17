/**
 * Kill torture: processes share a folder of jobs, are killed, stopped and let go on at random moments, and others take their place. At
 * the end of each stage all that they were promised is compared with what is there.
 *
 * A seed gives the same plan again, not the same interleaving: that is the machine's.
 *
 * @module
 */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from '../../src/testing/bundle';
import { randomFrom } from '../../src/testing/random';
import { noToll, type Toll } from './blows';
import { playStage, type StageResult } from './stage';
import type { FaultKind } from './verdict';

/** What the torture is told. */
export interface KillOptions {
  seed: number;
  rounds: number;
  /** Where the folders are made; the system's temporary folder by default. */
  dir?: string;
  /** Rounds over one folder. */
  perStage?: number;
  log?: (line: string) => void;
}

/** What came of it. */
export interface KillReport extends Toll {
  seed: number;
  rounds: number;
  stages: number;
  /** Terms of owners, and files of the journal, that the folders tell of. */
  owners: number;
  segments: number;
  killed: number;
  jobs: number;
  starts: number;
  completed: number;
  archived: number;
  lost: number;
  double: number;
  stuck: number;
  early: number;
  other: number;
  /** Each says where to look. */
  failures: string[];
  seconds: number;
}

const PER_STAGE = 50;
/** Faults of one stage that are told at once; all are in the report. */
const SHOWN = 10;

/** Plays so many rounds, in stages of which each has a folder of its own, at `power` and at `process` in turn. */
export async function killTorture({ seed, rounds, dir = tmpdir(), perStage = PER_STAGE, log = () => {} }: KillOptions) {
  const began = performance.now();
  const programs = mkdtempSync(join(realpathSync(tmpdir()), 'leviathan-kill-program-'));
  const report: KillReport = {
    ...{ seed, rounds: 0, stages: 0, owners: 0, segments: 0, killed: 0, jobs: 0 },
    ...{ starts: 0, completed: 0, archived: 0 },
    ...{ lost: 0, double: 0, stuck: 0, early: 0, other: 0, failures: [], seconds: 0 },
    ...noToll(),
  };
  try {
    const program = await bundle('../../test/kill/mortal-child', programs);
    for (let stage = 1; report.rounds < rounds; stage++) {
      const durability = stage % 2 === 1 ? 'process' : 'power';
      const count = Math.min(perStage, rounds - report.rounds);
      const random = randomFrom(seed + 0x9e3779b1 * stage);
      const name = `seed${seed}-stage${stage}`;
      const result = await playStage({ program, dir, name, rounds: count, durability, random });
      tally(report, result, count, stage);
      log(lineOf(report, stage, durability));
      const { length } = result.faults;
      for (const failure of report.failures.slice(report.failures.length - length).slice(0, SHOWN)) log(`  ${failure}`);
    }
  } finally {
    rmSync(programs, { recursive: true, force: true });
  }
  report.seconds = (performance.now() - began) / 1_000;
  return report;
}

/** Nothing is wrong. */
export function isClean({ lost, double, stuck, early, other }: KillReport): boolean {
  return lost + double + stuck + early + other === 0;
}

function tally(report: KillReport, result: StageResult, rounds: number, stage: number): void {
  const { toll, faults, folder, blows } = result;
  for (const key of ['owners', 'segments', 'jobs', 'starts', 'completed', 'archived'] as const)
    report[key] += result[key];
  for (const key of ['inSnapshot', 'blocked', 'left', 'deposed'] as const) report[key] += toll[key];
  for (const role of Object.keys(toll.kills) as (keyof Toll['kills'])[]) {
    report.kills[role] += toll.kills[role];
    report.killed += toll.kills[role];
  }
  for (const role of ['owner', 'client'] as const) report.stops[role] += toll.stops[role];
  for (const { kind, message, round } of faults) {
    report[kind satisfies FaultKind]++;
    const blow = blows[round - 1] ?? 'the end';
    report.failures.push(
      `${kind}: seed ${report.seed}, round ${report.rounds + round} (stage ${stage}, ${blow}): ${message}; see ${folder}`,
    );
  }
  report.rounds += rounds;
  report.stages = stage;
}

function lineOf(
  { rounds, killed, jobs, lost, double, stuck, early, other }: KillReport,
  stage: number,
  durability: string,
) {
  return `stage ${stage} (${durability}): ${rounds} rounds, ${killed} kills, ${jobs} jobs; ${lost} lost, ${double} double, ${stuck} stuck, ${early} early, ${other} other faults`;
}
