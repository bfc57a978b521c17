/**
 * Runs the explorer over all workloads, for as many states as are wanted: some seconds' worth in the tests, hours' worth by hand.
 *
 * @module
 */
import { randomFrom } from '../../src/testing/random';
import { WORKLOADS } from '../support/workloads/index';
import { crashText, drawCrash } from './crashes';
import { checkCrash, type Exploration, exploreRecording, type Failure, failureText, nameOf } from './explorer';
import { type Defect, type Recording, record } from './recording';
import { isJudgeable, recordRecovery } from './second-crash';
import { Timeline } from './timeline';

type Durability = 'power' | 'process';

/** What to explore. */
export interface ExploreOptions {
  /** The same seed explores the same states. */
  seed: number;
  /** Distinct states to open at least. */
  states: number;
  /** Hears of failures as they are found, and of the progress. */
  log?: (line: string) => void;
  /** The workloads; all by default. */
  workloads?: readonly string[];
  durabilities?: readonly Durability[];
  /** Failures after which it ends; 20 by default. */
  failures?: number;
  /** One of so many states that differ after they were opened is worked with, closed and opened again; each by default. */
  worked?: number;
  /** What is done to the calls of the recorded stores, for a test that it is found. */
  defect?: Defect;
}

/** What came of it. */
export interface ExploreReport {
  seed: number;
  /** Distinct states that were opened. */
  states: number;
  /** States that were built; some were the same as others. */
  built: number;
  recordings: number;
  /** By workload: distinct states. */
  byWorkload: Record<string, number>;
  /** Each with what happened, what is wrong, and how to see it again. */
  failures: string[];
}

/** Crashes of each recording whose recovery is recorded, too. */
const RECOVERIES = 4;

/** Of each recording, and of the recording of a recovery. Many states of one tell less than some of each. */
const FIRST = { drawn: 5, list: 32, tears: 6, states: 600 };
const SECOND = { drawn: 2, list: 16, tears: 2, states: 150 };
/** Steps that the jobs of all states of a recording took, about. */
const MAX_WORK = 20_000;

/** Goes through the workloads at both levels, again and again with other seeds, until there are enough states. */
export async function explore(options: ExploreOptions): Promise<ExploreReport> {
  const { seed, states, log = () => {}, failures = 20 } = options;
  const report: ExploreReport = { seed, states: 0, built: 0, recordings: 0, byWorkload: {}, failures: [] };
  const known = new Set<string>();
  const { stackTraceLimit } = Error;
  // What a store meets in a broken folder it tells by errors that nobody looks at here; their stacks would take a tenth of the time.
  Error.stackTraceLimit = 0;
  try {
    for (let round = 0; report.states < states && report.failures.length < failures; round++) {
      await exploreRound(options, seed + round, report, known);
      log(`crash: ${report.states} states of ${report.built} built, ${report.failures.length} failures`);
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return report;
}

async function exploreRound(
  options: ExploreOptions,
  seed: number,
  report: ExploreReport,
  known: Set<string>,
): Promise<void> {
  const { durabilities = ['power', 'process'], workloads, log = () => {}, failures = 20, worked = 1, defect } = options;
  for (const workload of WORKLOADS) {
    if (workloads && !workloads.includes(workload.name)) continue;
    for (const durability of durabilities) {
      const random = randomFrom(seed);
      const first = await record(workload, durability, seed, defect);
      const recordings = [first];
      const timeline = new Timeline(first.base, first.log);
      for (let n = 0; n < RECOVERIES; n++) {
        const planned = drawCrash(timeline, random);
        if (isJudgeable(first, planned)) recordings.push(await recordRecovery(first, crashText(planned), defect));
      }
      for (const recording of recordings) {
        const density = recording === first ? FIRST : SECOND;
        const limits = {
          ...{ ...density, worked, failures: failures - report.failures.length },
          // States of many jobs take their time, and have no more to tell.
          states: Math.min(density.states, MAX_WORK / recording.history.steps.length),
        };
        const explored = await exploreRecording(recording, limits, random, known);
        note(report, recording, explored, log);
        if (report.states >= options.states || report.failures.length >= failures) return;
      }
    }
  }
}

function note(report: ExploreReport, recording: Recording, explored: Exploration, log: (line: string) => void): void {
  report.recordings++;
  report.states += explored.states;
  report.built += explored.built;
  report.byWorkload[recording.workload] = (report.byWorkload[recording.workload] ?? 0) + explored.states;
  for (const failure of explored.failures.map(failureText)) {
    report.failures.push(failure);
    log(failure);
  }
}

/** Builds one state again by the name of its failure, `<workload>/<durability>/<seed>/<crash>`, perhaps with a second crash. */
export async function rerun(name: string, defect?: Defect): Promise<Failure | undefined> {
  const [workloadName, durability, seed, ...crashes] = name.split('/');
  const workload = WORKLOADS.find((one) => one.name === workloadName);
  const last = crashes.pop();
  if (!workload || last === undefined) throw new Error(`${name} is no state of a workload.`);
  let recording = await record(workload, durability as Durability, Number(seed), defect);
  for (const crash of crashes) recording = await recordRecovery(recording, crash, defect);
  if (!name.startsWith(nameOf(recording))) throw new Error(`${name} is no state of ${nameOf(recording)}.`);
  return checkCrash(recording, last);
}
