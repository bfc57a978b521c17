/** The share of the states that one test file opens, so that two of them run at once. */
import { expect } from 'vitest';
import { WORKLOADS } from '../support/workloads';
import { failureText } from './explorer';
import { explore } from './torture';

/** Distinct states that each of the two levels contributes. */
const STATES = 25_000;

/** Explores all workloads at one level. The seed is fixed: the same states each time, and others under `npm run torture`. */
export async function exploreLevel(durability: 'power' | 'process'): Promise<void> {
  const report = await explore({ seed: 1, states: STATES, durabilities: [durability], worked: 4, failures: 3 });
  expect(report.failures.map(failureText).join('\n\n')).toBe('');
  expect(report.states).toBeGreaterThanOrEqual(STATES);
  expect(Object.keys(report.byWorkload).sort()).toEqual(WORKLOADS.map(({ name }) => name).sort());
}
