import { describe, expect, it, onTestFinished } from 'vitest';
import { StoreWriteError } from '../errors';
import { FakeClock } from '../testing/fake-clock';
import { ENGINE_FEATURES } from './engine-features';
import { EngineStore } from './engine-store';
import { JobTable } from './job-table';
import type { StoreRecord } from './records';
import { DEFAULT_RETENTION } from './retention';

const HOUR = 3_600_000;
const hourly = (type: string) => ({ every: HOUR, job: { type, data: 'x'.repeat(100) } });

class Store extends EngineStore {
  override startSchedules(): void {
    super.startSchedules();
  }
}

/** A store whose log can be made to fail, with what it wrote. */
function storeOn(options: { table?: JobTable; clock?: FakeClock; maxJobBytes?: number } = {}) {
  const { clock = new FakeClock(), ...rest } = options;
  const written: StoreRecord[][] = [];
  const errors: unknown[] = [];
  const disk = { isFull: false };
  const log = {
    write: (records: StoreRecord[]) => {
      if (disk.isFull) throw new StoreWriteError('The disk is full.', undefined);
      written.push(records.map((record) => ({ ...record })));
    },
    synced: () => undefined,
  };
  const capabilities = { name: 'test', persistent: false, durability: 'none', shared: false, audit: false } as const;
  const store = new Store({
    capabilities: { ...capabilities, ...ENGINE_FEATURES },
    log,
    bodies: { read: () => '' },
    retention: DEFAULT_RETENTION,
    clock,
    onError: (error) => errors.push(error),
    ...rest,
  });
  onTestFinished(() => store.close());
  const ids = async (): Promise<string[]> => (await store.list()).jobs.map(({ type }) => type);
  return { store, clock, written, errors, disk, ids };
}

describe('a slot', () => {
  it('and its job are one batch', async () => {
    const { store, clock, written } = storeOn();
    await store.define([{ kind: 'schedule', name: 's', value: hourly('a') }]);
    await clock.advance(HOUR);
    expect(written.at(-1)?.map(({ op, more }) => [op, more])).toEqual([
      ['fire', 1],
      ['add', undefined],
    ]);
  });

  it('that cannot be written fires as soon as it can, and holds up nobody meanwhile', async () => {
    const { store, clock, errors, disk, ids } = storeOn();
    await store.define([{ kind: 'schedule', name: 's', value: hourly('a') }]);
    disk.isFull = true;
    await clock.advance(HOUR + 5_000);
    expect(errors[0]).toBeInstanceOf(StoreWriteError);
    expect(await ids()).toEqual([]);
    disk.isFull = false;
    await clock.advance(1_000);
    expect(await ids()).toEqual(['a']);
    await clock.advance(HOUR - 6_000);
    expect(await ids()).toEqual(['a', 'a']);
  });

  it('whose job the store does not take any more is left out, and the others fire', async () => {
    const before = storeOn();
    for (const name of ['a', 'b'])
      await before.store.define([
        { kind: 'schedule', name, value: name === 'a' ? hourly('a') : { ...hourly('b'), job: { type: 'b', data: 1 } } },
      ]);
    const table = new JobTable();
    for (const record of before.written.flat()) table.apply(record);
    const { store, clock, errors, ids } = storeOn({ table, clock: before.clock, maxJobBytes: 50 });
    store.startSchedules();
    await clock.advance(2 * HOUR);
    expect(await ids()).toEqual(['b', 'b']);
    expect(errors).toHaveLength(2);
    expect(errors[0]).toMatchObject({ code: 'TOO_LARGE' });
    expect(table.schedules.get('a')).toMatchObject({ runs: 0, skipped: 2 });
  });

  it('waits after a recovery until it is known what a person did meanwhile', async () => {
    const before = storeOn();
    await before.store.define([{ kind: 'schedule', name: 's', value: hourly('a') }]);
    const table = new JobTable();
    for (const record of before.written.flat()) table.apply(record);
    const { store, clock, ids } = storeOn({ table, clock: before.clock });
    await clock.advance(2 * HOUR);
    expect(await ids()).toEqual([]);
    store.startSchedules();
    expect(await ids()).toEqual(['a']);
  });
});

it('many schedules do not make each other slow: to work out the slots of all each time would take longer than a test may', async () => {
  const { store, clock, ids } = storeOn();
  const value = { cron: '0 3 * * *', job: { type: 'night', data: null } };
  await store.define(Array.from({ length: 500 }, (_, n) => ({ kind: 'schedule' as const, name: `n-${n}`, value })));
  await store.define([{ kind: 'schedule', name: 'fast', value: { every: 1_000, job: { type: 'fast', data: null } } }]);
  await clock.advance(100_000);
  expect(await ids()).toHaveLength(50);
  expect((await store.counts()).pending).toBe(100);
});

it('a store without schedules sets no alarm for them', async () => {
  const { store, clock } = storeOn();
  await store.add([{ type: 'a', data: 1 }]);
  const before = clock.pending;
  await store.define([{ kind: 'schedule', name: 's', value: hourly('a') }]);
  expect(clock.pending).toBe(before + 1);
  await store.define([{ kind: 'schedule', name: 's', value: null }]);
  expect(clock.pending).toBe(before);
});
