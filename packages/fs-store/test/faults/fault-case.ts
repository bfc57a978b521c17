/** One thing that goes wrong at one call of one workload. */
import type { Workload } from '../support/workloads';
import { FAULT_NAMES, type FaultName } from './fault-table';

/**
 * How long it goes wrong. `once`: at this call alone. `while`: from this call on, until three seconds or sixty calls have passed. `stays`:
 * from this call on, until the workload has ended.
 */
export const MODES = ['once', 'while', 'stays'] as const;

/** One of {@link MODES}. */
export type Mode = (typeof MODES)[number];

/** See the file. */
export interface FaultCase {
  workload: Workload;
  durability: 'power' | 'process';
  /** The call: `writeSync journal/0000000000000001.ndjson #3`. */
  call: string;
  fault: FaultName;
  mode: Mode;
}

/** `settle/power/writeSync journal/0000000000000001.ndjson #3/ENOSPC/once`: by this text a case is run again. */
export function nameOfCase({ workload, durability, call, fault, mode }: FaultCase): string {
  return [workload.name, durability, call.replaceAll('/', '>'), fault, mode].join('/');
}

/** The case of a text of {@link nameOfCase}. */
export function caseOf(text: string, workloads: readonly Workload[]): FaultCase {
  const [name, durability, call = '', fault, mode] = text.split('/');
  const workload = workloads.find((each) => each.name === name);
  const isFault = FAULT_NAMES.includes(fault as FaultName) && MODES.includes(mode as Mode);
  if (!workload || !isFault || (durability !== 'power' && durability !== 'process'))
    throw new RangeError(`There is no case ${text}.`);
  return { workload, durability, call: call.replaceAll('>', '/'), fault: fault as FaultName, mode: mode as Mode };
}
