/** The share of the states that one test file opens, so that two of them run at once. */
import { execFile } from 'node:child_process';
import { expect, onTestFinished } from 'vitest';
import { bundle } from '../../src/testing/bundle';
import { tempDir } from '../../src/testing/temp-dir';
import { WORKLOADS } from '../support/workloads/index';
import { failureText } from './explorer';
import { type ExploreOptions, type ExploreReport, rerun } from './torture';

/** Distinct states that each of the two levels contributes. */
const STATES = 25_000;

/**
 * Explores all workloads at one level. The seed is fixed: the same states each time, and others under `npm run torture`. With the name of
 * a failure in `LEVIATHAN_CRASH` that state alone.
 */
export async function exploreLevel(durability: 'power' | 'process'): Promise<void> {
  const single = process.env.LEVIATHAN_CRASH;
  if (single !== undefined) {
    const [workload, level] = single.split('/');
    if (!WORKLOADS.some(({ name }) => name === workload) || (level !== 'power' && level !== 'process')) {
      throw new Error(
        `LEVIATHAN_CRASH=${single}: this is no state. It begins with <workload>/<power or process>/<seed>/.`,
      );
    }
    const failure = level === durability ? await rerun(single) : undefined;
    expect(failure && failureText(failure)).toBeUndefined();
    return;
  }
  const report = await exploreApart({ seed: 1, states: STATES, durabilities: [durability], worked: 4, failures: 3 });
  expect(report.failures.join('\n\n')).toBe('');
  expect(report.states).toBeGreaterThanOrEqual(STATES);
  expect(Object.keys(report.byWorkload).sort()).toEqual(WORKLOADS.map(({ name }) => name).sort());
}

/** In a process of its own, as one file: that takes two thirds of the time. */
async function exploreApart(options: ExploreOptions): Promise<ExploreReport> {
  const program = await bundle('../../test/crash/states-child', tempDir());
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      [program, JSON.stringify(options)],
      { maxBuffer: 1 << 28 },
      (error, stdout) => (error ? reject(error) : resolve(JSON.parse(stdout) as ExploreReport)),
    );
    onTestFinished(() => void child.kill());
  });
}
