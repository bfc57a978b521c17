/** Adds the jobs of many files in one go, and finds out which file is to blame when that fails. */
import { type AddResult, type Issue, type JobSpec, LeviathanError, ValidationError } from '@leviathan/core';
import { type FileFault, invalid } from './job-file';

/** What became of one file's job. */
export type Added = { result: AddResult } | { fault: FileFault | { code: string; message: string } };

/** Errors that lie in the job; any other one lies in the store, and passes. */
const FAULTS = ['INVALID', 'CYCLE', 'TOO_LARGE', 'DUPLICATE', 'UNKNOWN_TYPE', 'NOT_FOUND'];

/**
 * Adds all that can be added, in the given order and with as few calls as possible: jobs of one batch may depend on each other.
 * Throws what the store throws when it cannot write.
 */
export async function addAll(specs: JobSpec[], add: (specs: JobSpec[]) => Promise<AddResult[]>): Promise<Added[]> {
  const outcome: Added[] = new Array(specs.length);
  let left = specs.map((_, index) => index);
  while (left.length > 0) {
    const batch = left.map((index) => specs[index] as JobSpec);
    try {
      const results = await add(batch);
      results.forEach((result, i) => {
        outcome[left[i] as number] = { result };
      });
      return outcome;
    } catch (error) {
      const faults = faultsOf(error, left.length);
      if (faults.size === 0) {
        await addSingly(specs, left, add, outcome);
        return outcome;
      }
      for (const [i, fault] of faults) outcome[left[i] as number] = { fault };
      left = left.filter((_, i) => !faults.has(i));
    }
  }
  return outcome;
}

/** The faulty jobs of a batch of `count`, by their places; empty when the error does not tell. Throws what is no job's fault. */
function faultsOf(error: unknown, count: number): Map<number, FileFault | { code: string; message: string }> {
  if (!(error instanceof LeviathanError) || !FAULTS.includes(error.code)) throw error;
  if (!(error instanceof ValidationError)) {
    return count === 1 ? new Map([[0, { code: error.code, message: error.message }]]) : new Map();
  }
  const byPlace = new Map<number, Issue[]>();
  for (const { path, message } of error.issues) {
    const [place, ...rest] = count === 1 ? [0, ...path] : path;
    if (typeof place !== 'number') return new Map();
    byPlace.set(place, [...(byPlace.get(place) ?? []), { path: rest, message }]);
  }
  return new Map([...byPlace].map(([place, issues]) => [place, invalid(issues).fault]));
}

async function addSingly(
  specs: JobSpec[],
  left: number[],
  add: (specs: JobSpec[]) => Promise<AddResult[]>,
  outcome: Added[],
): Promise<void> {
  for (const index of left) {
    try {
      const [result] = await add([specs[index] as JobSpec]);
      outcome[index] = { result: result as AddResult };
    } catch (error) {
      outcome[index] = { fault: faultsOf(error, 1).get(0) as FileFault };
    }
  }
}
