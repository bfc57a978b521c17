/**
 * Workloads: each drives a store through one part of what it does, the same way each time, and goes on whatever is refused. The crash
 * explorer takes the disk apart under them, the fault injector makes their system calls fail.
 *
 * @module
 */
import type { JobSpec } from '@leviathan/core';
import type { FsStoreOptions } from '../../../src/options';
import type { World } from '../world';

/** See the module. */
export interface Workload {
  name: string;
  /** What its stores must be told; the site adds files, clock and durability. */
  options: FsStoreOptions;
  /** Nothing was there before: not even an empty store that was opened once. */
  isFirst?: true;
  /** It closes the store while calls wait: that must come to an end although the disk does not get better. */
  isImpatient?: true;
  /** Opens what it needs and closes it again. */
  run(world: World): Promise<void>;
}

export const HOUR = 60 * 60 * 1_000;

/** Jobs with ids of their own, `<name>-0` and so on. */
export function jobs(name: string, count: number, spec: Partial<JobSpec> = {}): JobSpec[] {
  return Array.from({ length: count }, (_, n) => ({ id: `${name}-${n}`, type: 'a', data: { of: name, n }, ...spec }));
}

/** As {@link jobs}, with data of about so many bytes each. */
export function large(name: string, count: number, bytes: number): JobSpec[] {
  return jobs(name, count).map((spec, n) => ({
    ...spec,
    data: { n, text: String.fromCharCode(97 + (n % 26)).repeat(bytes) },
  }));
}
