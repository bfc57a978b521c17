import { expect, it } from 'vitest';
import { WORKLOADS } from '../support/workloads/index';
import { FAULT_NAMES } from './fault-table';
import { injectAll } from './torture';

/** Of more than a hundred thousand: `npm run torture -- faults` runs them all. */
const CASES = 700;
/** The same ones each time, unless others are asked for. */
const SEED = Number(process.env.LEVIATHAN_SEED) || 1;

it(`whatever fails, each call of the store is answered rightly or by an error of its own, and it works again (seed ${SEED})`, {
  timeout: 600_000,
}, async () => {
  const { failures, ran, all, byFault } = await injectAll({ seed: SEED, cases: CASES });
  expect(failures).toEqual([]);
  expect(ran).toBe(CASES);
  expect(all).toBeGreaterThan(100_000);
  // Each fault was met, and what can be done again without a word is.
  for (const fault of FAULT_NAMES) expect(byFault[fault].retried, fault).toBeGreaterThan(0);
  expect(byFault.short.refused).toBe(0);
});

it('runs the cases of a seed again, and one of them alone', { timeout: 300_000 }, async () => {
  const workloads = WORKLOADS.filter(({ name }) => name === 'add');
  const counts = async (seed: number, only?: string) => {
    const { ran, byFault } = await injectAll({ seed, cases: 20, workloads, ...(only !== undefined && { only }) });
    return { ran, byFault };
  };
  expect(await counts(3)).toEqual(await counts(3));
  expect(await counts(3)).not.toEqual(await counts(4));
  expect((await counts(1, 'add | power | syncDir journal #1 | EIO | once')).ran).toBe(1);
});
