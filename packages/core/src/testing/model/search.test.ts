import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../memory-store';
import type { JobStore } from '../../store';
import { FakeClock } from '../fake-clock';
import type { StoreUnderTest } from '../store-under-test';
import { findFault } from './search';

/** A memory store with some methods that are wrong. */
function wrong(faults: (right: MemoryStore) => Partial<JobStore>): StoreUnderTest {
  const clock = new FakeClock();
  const right = new MemoryStore({ clock });
  const overrides = faults(right);
  const store = new Proxy<JobStore>(right, {
    get(target, name: keyof JobStore) {
      const value: unknown = overrides[name] ?? target[name];
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { store, clock, dispose: () => right.close() };
}

const RUNS = 60;
const search = (faults: (right: MemoryStore) => Partial<JobStore>, seed = 1) =>
  findFault({ fc, create: async () => wrong(faults), patience: 300 }, RUNS, seed);

const FAULTS: [what: string, faults: (right: MemoryStore) => Partial<JobStore>, says: RegExp][] = [
  [
    'takes any settlement',
    (right) => ({
      settle: async (all) => (await right.settle(all)).map((result) => ({ ...result, accepted: true })),
    }),
    /^settle\.value\[\d\]\.accepted is true, and should be false/,
  ],
  [
    'gives the jobs of a claim in the wrong order',
    (right) => ({ claim: async (...args) => (await right.claim(...args)).reverse() }),
    /job|waiting/,
  ],
  [
    'tells nothing of what was released',
    (right) => ({
      subscribe: (options, listener) =>
        right.subscribe(options, (events) => listener(events.filter(({ kind }) => kind !== 'released'))),
    }),
    /released/,
  ],
  [
    'forgets the last job of a page',
    (right) => ({
      list: async (query) => {
        const page = await right.list(query);
        return page.next === undefined ? page : { ...page, jobs: page.jobs.slice(1) };
      },
    }),
    /list/,
  ],
  [
    'counts what is paused as ready',
    (right) => ({
      counts: async () => {
        const counts = await right.counts();
        const { ready, paused } = counts.waiting;
        return { ...counts, waiting: { ...counts.waiting, ready: ready + paused, paused: 0 } };
      },
    }),
    /counts\.waiting/,
  ],
  [
    'answers a waiting claim with nothing',
    (right) => ({
      claim: async (request, options) => (request.wait ? [] : right.claim(request, options)),
    }),
    /waiting1/,
  ],
];

describe('a search for a sequence of calls that a store takes wrongly', () => {
  it.each(FAULTS)('finds that a store %s', async (_what, faults, says) => {
    const fault = await search(faults);
    expect(fault?.report).toMatch(says);
    // Short enough to be understood.
    expect(fault?.report.split('\n').filter((line) => line.startsWith('  ')).length).toBeLessThanOrEqual(6);
  });

  it('finds nothing wrong with a store that is right', async () => {
    expect(await search(() => ({}))).toBeUndefined();
  });

  it('finds the same again from the same seed', async () => {
    const [, faults] = FAULTS[0] as (typeof FAULTS)[0];
    const reports = await Promise.all([search(faults, 7), search(faults, 7)]);
    expect(reports[0]?.report).toBe(reports[1]?.report);
  });

  it('shows a program that does the same', async () => {
    const faults = (right: MemoryStore): Partial<JobStore> => ({
      settle: async (all) => {
        if (all.some(({ outcome }) => outcome === 'released')) throw new Error('released!');
        return right.settle(all);
      },
    });
    const fault = await search(faults);
    const program = fault?.report.split('\n').filter((line) => line.startsWith('  ')) ?? [];
    const { store, clock, dispose } = wrong(faults);
    const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as typeof Function;
    const run = new AsyncFunction('store', 'clock', 'listener', program.join('\n'));
    await expect(run(store, clock, () => {})).rejects.toThrow('released!');
    await dispose();
  });
});
