import { join } from 'node:path';
import type { Job } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import { eventually } from '../src/testing/eventually';
import { ownerPid, prepareStoreProcesses, StoreProcess } from '../src/testing/store-process';
import { tempDir } from '../src/testing/temp-dir';

prepareStoreProcesses();

/** Longer than each interval in which processes look after each other: 2 s for the lock, half a second for the absent. */
const LONG = 2_600;

const PLIGHTS: [what: string, plight: (victim: StoreProcess) => Promise<void>][] = [
  [
    'stands still',
    async (victim) => {
      victim.stop();
      const until = performance.now() + LONG;
      await eventually('it stood still for long enough', () => performance.now() > until);
      victim.continue();
    },
  ],
  ['has a blocked event loop', (victim) => victim.call('block', LONG)],
];

describe.each(PLIGHTS)('a process that %s', (_what, plight) => {
  it.each(['owner', 'client'] as const)(
    'as the %s: no job starts twice, none is lost, none comes early',
    async (role) => {
      const root = join(tempDir(), 'jobs');
      const both = await Promise.all([StoreProcess.open({ root }), StoreProcess.open({ root })]);
      const victim = both.find(({ pid }) => (pid === ownerPid(root)) === (role === 'owner')) as StoreProcess;
      const other = both.find((process) => process !== victim) as StoreProcess;
      await other.add([{ type: 'held', data: null }]);
      const held = await victim.take('victim');
      for (const process of both) {
        await process.work({ worker: `${process.pid}`, types: { a: 2 }, slots: 2, ms: 20 });
      }
      // Some are due while it lasts, some as soon as it is over, and some later; one of them for the second time.
      const now = Date.now();
      const due = new Map([100, 600, 1_500, LONG, LONG + 400].map((after) => [`after-${after}`, now + after]));
      await other.add([...due].map(([id, runAt]) => ({ id, type: 'a', data: null, runAt })));
      await other.add([{ id: 'again', type: 'retried', data: null, maxAttempts: 2 }]);
      const [failing] = await other.claim({ worker: 'other', limit: 1, types: { retried: 1 }, wait: true });
      due.set('again', Date.now() + 1_000);
      const error = { name: 'Error', message: 'not yet' };
      const settlement = {
        id: 'again',
        token: failing?.token,
        outcome: 'failed',
        error,
        reason: 'error',
        retryIn: 1_000,
      };
      await other.call('settle', [settlement]);
      for (const process of both) {
        await process.work({ worker: `${process.pid}-retried`, types: { retried: 1 }, slots: 1, ms: 20 });
      }

      await plight(victim);

      const told = () => both.flatMap(({ ran }) => ran);
      await eventually('all are done', () => told().filter(({ what }) => what === 'completed').length >= due.size);
      await expect(victim.complete(held)).resolves.toMatchObject({ accepted: true });
      const starts = told().filter(({ what }) => what === 'started');
      expect(starts.map(({ id }) => id).sort()).toEqual([...due.keys()].sort());
      for (const { id, at } of starts) expect(at, id).toBeGreaterThanOrEqual(due.get(id) as number);
      expect(told().every(({ accepted }) => accepted !== false)).toBe(true);
      const jobs = await other.call<Job[]>('get', [held.job.id, ...due.keys()]);
      for (const { id, status, attempt, metadata } of jobs) {
        expect({ id, status, attempt }).toEqual({ id, status: 'completed', attempt: id === 'again' ? 2 : 1 });
        expect(metadata.crashes).toBeUndefined();
      }
      // Nobody took its place.
      expect(ownerPid(root)).toBe(role === 'owner' ? victim.pid : other.pid);
    },
  );
});
