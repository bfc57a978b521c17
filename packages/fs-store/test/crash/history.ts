/**
 * What was asked of a store and what it answered, as steps of single jobs: the plain reference that each crashed state is held against.
 *
 * @module
 */
import type { LedgerEntry } from '../support/ledger';
import { Reader } from './history-reader';
import type { SeenText } from './seen';
import { type Drop, type History, NEVER, type Step } from './steps';

/**
 * Reads the ledger.
 * @param placeOf How many operations there were when the ledger's clock said so.
 */
export function historyOf(
  entries: readonly LedgerEntry[],
  placeOf: (moment: number) => number,
  drops: readonly Drop[],
  mayArchive: boolean,
): History {
  const reader = new Reader(placeOf, drops);
  return { steps: reader.read(entries), twins: reader.twins, mayArchive };
}

/**
 * The history of a store that was opened after a crash, and showed these jobs.
 * @param before What might have been there.
 * @param openedAt How many operations there were when it was open: what it shows then, it keeps.
 */
export function historyAfter(
  before: History,
  jobs: ReadonlyMap<string, SeenText>,
  entries: readonly LedgerEntry[],
  placeOf: (moment: number) => number,
  openedAt: number,
): History {
  // Nobody was told of a wish that came true meanwhile, and it may not be on the device before something that is acknowledged later.
  const later = entries.find(({ call, state }) => call === 'add' && state === 'acknowledged')?.answeredAt;
  const wishFirmAt = later === undefined ? NEVER : placeOf(later);
  const steps = settleSteps(before, jobs, openedAt, wishFirmAt);
  const reader = new Reader(placeOf, [], jobs, 1 + Math.max(0, ...steps.flatMap(({ group, batch }) => [group, batch])));
  return { ...before, steps: [...steps, ...reader.read(entries)] };
}

function settleSteps(
  { steps, mayArchive }: History,
  jobs: ReadonlyMap<string, SeenText>,
  openedAt: number,
  wishFirmAt: number,
): Step[] {
  const byJob = new Map<string, Step[]>();
  for (const step of steps) byJob.set(step.job, [...(byJob.get(step.job) ?? []), step]);
  return [...byJob].flatMap(([job, all]) => {
    const shown = jobs.get(job) ?? null;
    const fits = all.flatMap(({ after, isFinished }, n) =>
      after === shown || (mayArchive && isFinished && shown === null) ? [n + 1] : [],
    );
    if (shown === null) fits.unshift(0);
    // It is the judge who says what is wrong with a job that is as it never was.
    const [least, most] = [fits[0] ?? 0, fits.at(-1) ?? all.length];
    return all.map((step, n): Step => {
      if (n < least) {
        const firmAt = step.isWish ? wishFirmAt : openedAt;
        return { ...step, told: Math.min(step.told, openedAt), firm: Math.min(step.firm, firmAt) };
      }
      return n < most || step.isWish ? { ...step } : { ...step, voidFrom: openedAt };
    });
  });
}
