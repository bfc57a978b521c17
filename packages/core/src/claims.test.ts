import { describe, expect, it } from 'vitest';
import { task } from '../test/rig';
import { Claims } from './claims';
import { MemoryStore } from './memory-store';
import { Slots } from './slots';
import type { ClaimedJob, JobStore } from './store';
import { FakeClock } from './testing/fake-clock';

function make(store: JobStore, clock: FakeClock, size = 2) {
  const jobs: ClaimedJob[] = [];
  const errors: unknown[] = [];
  const slots = new Slots(size, [task('a', () => 1)]);
  const claims = new Claims({
    claim: (request, options) => store.claim(request, options),
    clock,
    worker: 'w1',
    slots,
    budget: () => Number.POSITIVE_INFINITY,
    onJobs: (claimed) => {
      for (const { job } of claimed) slots.take(job.type);
      jobs.push(...claimed);
    },
    onError: (error) => errors.push(error),
  });
  return { claims, slots, jobs, errors };
}

describe('Claims', () => {
  it('asks for as many jobs as there are free slots, until there are none', async () => {
    const clock = new FakeClock();
    const store = new MemoryStore({ clock });
    const { claims, slots, jobs } = make(store, clock);
    await store.add([1, 2, 3].map((data) => ({ type: 'a', data })));
    claims.start();
    await clock.settle();
    expect(jobs.map(({ job }) => job.data)).toEqual([1, 2]);
    slots.release('a');
    claims.pump();
    await clock.settle();
    expect(jobs).toHaveLength(3);
    await claims.stop();
  });

  it('survives a store that throws instead of rejecting', async () => {
    const clock = new FakeClock();
    const store = new MemoryStore({ clock });
    const claim = store.claim.bind(store);
    store.claim = () => {
      store.claim = claim;
      throw new Error('no promise at all');
    };
    const { claims, jobs, errors } = make(store, clock);
    await store.add([{ type: 'a', data: 1 }]);
    claims.start();
    await clock.advance(100);
    expect(errors.map(String)).toEqual(['Error: no promise at all']);
    expect(jobs).toHaveLength(1);
    await claims.stop();
  });

  it('lets others run when a store answers with nothing instead of waiting', async () => {
    const clock = new FakeClock();
    const store = new MemoryStore({ clock });
    let calls = 0;
    store.claim = async () => {
      calls++;
      return [];
    };
    const { claims } = make(store, clock);
    claims.start();
    await clock.settle(20);
    expect(calls).toBeGreaterThan(1);
    expect(calls).toBeLessThanOrEqual(21);
    await claims.stop();
  });
});
