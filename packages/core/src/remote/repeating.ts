/**
 * What it means to make a call again because its answer was lost: it may have taken effect, or not.
 *
 * | method | made again |
 * |---|---|
 * | get, list, counts, explain, trail, stateAt, history, metrics, definitions, health | reads: as often as one likes |
 * | add | ids are chosen before the first try, so a job of ours that is there already counts as added now, see {@link afterRepeat}; a job that took up our data, see `unique`, remembers the id |
 * | restore | the same jobs stand there: `exists`, or with `replace` they are replaced by themselves, as long as none of them has started |
 * | settle | the token that settled an attempt may do so again |
 * | claim | jobs whose answer was lost are given back first, then it is a new claim |
 * | takeBack | jobs that were claimed since are kept; the number that it resolves with counts those of the repetition |
 * | pause, define | sets a state: the same again |
 * | report | progress, checkpoint and `stuck` set a value, the first result of a step stays; log lines that were taken already would stand there twice |
 * | change | cancel, remove, reprioritise and edit lead to the same state: what was changed already is skipped by the repetition. move puts the same jobs at the same place. retry finds its jobs pending, unless they failed once more meanwhile: then they are retried once more, as by a person who did not see the first answer |
 * | undo | what was put back already is skipped as moved on. Without a number it is the newest change that is undone, which after the first try is that try itself: callers that may repeat themselves name the change |
 *
 * A server gives a repeated call of the last eight rows, claim aside, the answer of the first, so all this only matters when the server
 * itself is gone.
 *
 * @module
 */
import { newJobId } from '../engine/job-id';
import { DuplicateJobError } from '../errors';
import type { Job, JobSpec } from '../job';
import type { AddOptions, AddResult } from '../store';
import type { StoreMethod } from './protocol';

/** Calls that a server answers once only, however often they come. */
export const ONCE_METHODS: ReadonlySet<StoreMethod> = new Set([
  'add',
  'restore',
  'settle',
  'report',
  'takeBack',
  'change',
  'pause',
  'define',
  'undo',
]);

/** Ids for the specs that have none, in their places, so that a repetition adds the same jobs; see `AddOptions.ids`. */
export function chooseIds(specs: readonly JobSpec[], now: number): (string | undefined)[] {
  return specs.map((spec) =>
    typeof spec !== 'object' || spec === null || spec.id !== undefined ? undefined : newJobId(now),
  );
}

/** The arguments of an `add`, with the ids that were chosen for it. */
export type AddArgs = [specs: JobSpec[], options: AddOptions & { ids: (string | undefined)[] }];

/** The answer to a repeated `add`, as the first one would have been: a job with an id that was chosen here is ours. */
export function afterRepeat(results: AddResult[], [, { ids }]: AddArgs): AddResult[] {
  return results.map((result, i) => (result.id === ids[i] ? { ...result, added: true } : result));
}

/**
 * A repeated `add` was turned away because of a duplicate: was that our own first try? All of a batch is added or none, so one job with
 * an id that was chosen here proves it. Where the caller chose every id that cannot be told, and the error stands.
 */
export async function afterDuplicate(
  error: DuplicateJobError,
  [specs, { ids }]: AddArgs,
  get: (ids: string[]) => Promise<(Job | null)[]>,
): Promise<AddResult[]> {
  const ours = ids.find((id) => id !== undefined);
  if (ours === undefined || (await get([ours]))[0] === null) throw error;
  return specs.map(({ id }, i) => ({ id: id ?? (ids[i] as string), added: true }));
}

/** Whether this error of a repeated `add` may come from the first try. */
export function isDuplicate(error: unknown): error is DuplicateJobError {
  return error instanceof DuplicateJobError;
}
