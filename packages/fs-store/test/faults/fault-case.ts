/** One thing that goes wrong at one call of one workload. */
import type { Files } from '../../src/files';
import type { Workload } from '../support/workloads/index';
import type { FaultName } from './fault-table';

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
  /** What stands between the store and the disk and does what a store with a defect would do: only for tests of the injector itself. */
  defect?: (files: Files) => Files;
}

/** `settle | power | writeSync journal/0000000000000001.ndjson #3 | ENOSPC | once`: by this text a case is run again. */
export function nameOfCase({ workload, durability, call, fault, mode }: FaultCase): string {
  return [workload.name, durability, call, fault, mode].join(' | ');
}
