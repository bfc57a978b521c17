import { describe, expect, it } from 'vitest';
import type { Json } from '../job';
import { MemoryStore } from '../memory-store';
import { FakeClock } from '../testing/fake-clock';
import { importAll } from './import';
import type { ImportResult } from './report';

const clock = new FakeClock();

/** The counts of schedules that are not 0. */
const sums = ({ kinds }: ImportResult) =>
  Object.fromEntries(Object.entries(kinds.schedule ?? {}).filter(([, n]) => n > 0));

describe('imported schedules', () => {
  const HOURLY = { every: 3_600_000, job: { type: 'a', data: null } };
  const DAILY = { every: 86_400_000, job: { type: 'a', data: null } };
  const item = (value: Json): string[] => [JSON.stringify({ kind: 'schedule', name: 'sweep', value })];
  const valuesOf = async (store: MemoryStore) =>
    Object.fromEntries((await store.definitions('schedule')).map(({ name, value }) => [name, value]));

  it('fire at once, unless they come in paused', async () => {
    for (const pauseSchedules of [false, true]) {
      const time = new FakeClock();
      const store = new MemoryStore({ clock: time });
      await importAll(store, item(HOURLY), { pauseSchedules, clock: time });
      await time.advance(3 * 3_600_000);
      expect((await store.counts()).pending > 0, `paused: ${pauseSchedules}`).toBe(!pauseSchedules);
      await store.close();
    }
  });

  it('come in paused where they are new, or other than what is there, as the preview tells', async () => {
    const store = new MemoryStore({ clock });
    const paused = { pauseSchedules: true } as const;
    expect(sums(await importAll(store, item(HOURLY), { ...paused, dryRun: true }))).toEqual({ new: 1, added: 1 });
    await importAll(store, item(HOURLY), paused);
    expect(await valuesOf(store)).toEqual({ sweep: { ...HOURLY, paused: true } });
    const how = { ...paused, onConflict: 'replace' } as const;
    const preview = await importAll(store, item(DAILY), { ...how, dryRun: true });
    expect(preview.items[0]?.changes).toEqual([{ path: ['every'], from: 3_600_000, to: 86_400_000 }]);
    expect(await importAll(store, item(DAILY), how)).toEqual({ ...preview, dryRun: false });
    expect(await valuesOf(store)).toEqual({ sweep: { ...DAILY, paused: true } });
  });

  it('that are there stay as they are, paused or resumed, when they come again', async () => {
    const store = new MemoryStore({ clock });
    const how = { pauseSchedules: true, onConflict: 'replace' } as const;
    for (const value of [HOURLY, { ...HOURLY, paused: true }]) {
      await store.define([{ kind: 'schedule', name: 'sweep', value }]);
      expect(sums(await importAll(store, item(HOURLY), how))).toEqual({ same: 1, skipped: 1 });
      expect(await valuesOf(store)).toEqual({ sweep: value });
    }
  });

  it('get the same other name, paused or not', async () => {
    const store = new MemoryStore({ clock });
    await store.define([{ kind: 'schedule', name: 'sweep', value: HOURLY }]);
    await importAll(store, item(DAILY), { pauseSchedules: true, onConflict: 'rename' });
    const other = Object.keys(await valuesOf(store)).find((name) => name !== 'sweep') ?? '';
    expect(await valuesOf(store)).toEqual({ sweep: HOURLY, [other]: { ...DAILY, paused: true } });
    await importAll(store, item(DAILY), { pauseSchedules: true, onConflict: 'rename' });
    expect(Object.keys(await valuesOf(store))).toHaveLength(2);
  });
});
