/**
 * Holds what a store shows after a crash against what was asked and told before: each job is in a state that its calls allow, what was
 * told is there, and the whole is a beginning of the history.
 *
 * @module
 */

import type { Observation } from './inspect';
import { orphaned, type Seen, type SeenText, seenText, waitsFor } from './seen';
import type { History, Step } from './steps';

/** Which crash it was. */
export interface Crash {
  /** So many operations had happened. */
  at: number;
  /** The next one had begun. */
  isTorn: boolean;
  isPowerCut: boolean;
  /** What the store promises. */
  durability: 'power' | 'process';
}

interface JobFit {
  steps: Step[];
  /** States of the job that fit, by how many of its steps they contain. */
  fits: number[];
  /** It may owe its state to its file instead of the journal. */
  isAdopted: boolean;
}

/** What is wrong with it; empty: nothing. */
export function judge(history: History, crash: Crash, seen: Observation): string[] {
  // What this level promises to keep in an ended process, and not in a power cut.
  const isLossy = crash.isPowerCut && crash.durability === 'process';
  const faults: string[] = [];
  const byJob = new Map<string, Step[]>();
  for (const step of history.steps) {
    // It did not happen, and is known not to have.
    if (step.voidFrom <= crash.at) continue;
    const steps = byJob.get(step.job) ?? [];
    byJob.set(step.job, steps);
    steps.push(step);
  }
  const fits: JobFit[] = [];
  for (const [job, steps] of byJob) {
    // Of a job whose add was lost the file is taken for a job of unknown origin, whatever it shows.
    const isAdopted = isLossy && seen.filed.has(job);
    if (isLossy && isTwin(history, crash, job, seen)) continue;
    const range = rangeOf(steps, crash, isLossy);
    const matching: number[] = seen.jobs.has(job) ? [] : [0];
    for (const [n, step] of steps.entries()) {
      if (isSeen(history, seen, step, isAdopted)) matching.push(n + 1);
    }
    const inRange = matching.filter((n) => n >= range.least && n <= range.most);
    if (inRange.length > 0) fits.push({ steps, fits: inRange, isAdopted });
    else faults.push(misfit(job, steps, range, matching, seen));
  }
  for (const id of seen.jobs.keys()) if (!byJob.has(id)) faults.push(`${id}: nobody ever asked for this job`);
  if (faults.length === 0) faults.push(...gaps(fits), ...halves(fits));
  return faults;
}

/** How many of its steps the job must and can have taken. */
function rangeOf(steps: readonly Step[], crash: Crash, isLossy: boolean): { least: number; most: number } {
  let [least, most] = [0, 0];
  for (const [n, step] of steps.entries()) {
    if (step.begun < crash.at + (crash.isTorn ? 1 : 0)) most = n + 1;
    if (!isLossy && (crash.isPowerCut ? step.firm : step.told) <= crash.at) least = n + 1;
  }
  return { least, most };
}

/** The job was lost, and one that had been refused for its sake took its id. */
function isTwin({ twins }: History, { at }: Crash, id: string, { jobs }: Observation): boolean {
  return twins.some(({ job, seen, begun }) => job === id && begun < at && jobs.get(id) === seen);
}

/** Whether the job is as this step left it. */
function isSeen(
  { mayArchive }: History,
  { jobs, archived }: Observation,
  { job, after, adopted, isFinished }: Step,
  isAdopted: boolean,
): boolean {
  const shown = jobs.get(job) ?? null;
  if (shown === after || (isAdopted && shown !== null && isAdoptedAs(adopted, shown))) return true;
  return shown === null && mayArchive && isFinished && (archived.get(job) ?? []).includes(after as string);
}

/** The file shows it so; its parents may be lost. */
function isAdoptedAs(adopted: SeenText | null, shown: SeenText): boolean {
  if (adopted === null || shown === adopted) return shown === adopted;
  const seen = JSON.parse(adopted) as Seen;
  const alone = waitsFor(seen).length > 0 ? orphaned(seen, true) : undefined;
  return alone !== undefined && shown === seenText(alone);
}

function misfit(
  job: string,
  steps: readonly Step[],
  { least, most }: { least: number; most: number },
  matching: readonly number[],
  { jobs, archived }: Observation,
): string {
  const shown = jobs.get(job) ?? 'not there';
  const told = steps.slice(0, least).map(({ what }) => what);
  const may = steps.slice(least, most).map(({ what }) => what);
  const history = `it was told [${told.join(', ')}], and may have gone on with [${may.join(', ')}]`;
  const kept = archived.has(job) ? `, in the archive ${archived.get(job)}` : '';
  const [match] = matching;
  if (match === undefined) return `${job}: it is ${shown}${kept}, which it never was; ${history}`;
  if (match > most) return `${job}: it is ${shown}, for which nobody had asked yet; ${history}`;
  return `${job}: lost, it is ${shown}${kept}, as after ${match} steps; ${history}`;
}

/** A later step is there, an earlier one is not: the journal has a gap. */
function gaps(jobs: readonly JobFit[]): string[] {
  let last: Step | undefined;
  for (const { steps, fits, isAdopted } of jobs) {
    if (isAdopted) continue;
    // What another program dropped may have been taken after the crash.
    const sure = steps.slice(0, Math.min(...fits)).findLast(({ isWish }) => !isWish);
    if (sure && sure.group > (last?.group ?? 0)) last = sure;
  }
  if (!last) return [];
  const { group, job, what } = last;
  return jobs.flatMap(({ steps, fits }) => {
    const missing = steps.find((step, n) => n >= Math.max(...fits) && step.group < group && !step.isWish);
    return missing
      ? [`${missing.job}: its ${missing.what} is missing, while the later ${what} of ${job} is there`]
      : [];
  });
}

/** Of the jobs of one batch some are there, some are not. */
function halves(jobs: readonly JobFit[]): string[] {
  const batches = new Map<number, { there: string[]; missing: string[] }>();
  for (const { steps, fits, isAdopted } of jobs) {
    if (isAdopted) continue;
    for (const [n, { batch, job }] of steps.entries()) {
      const both = batches.get(batch) ?? { there: [], missing: [] };
      batches.set(batch, both);
      if (Math.min(...fits) > n) both.there.push(job);
      else if (Math.max(...fits) <= n) both.missing.push(job);
    }
  }
  return [...batches.values()].flatMap(({ there, missing }) =>
    there.length > 0 && missing.length > 0 ? [`half a batch: ${there.join()} without ${missing.join()}`] : [],
  );
}
