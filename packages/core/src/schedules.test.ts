import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { rig, task } from '../test/rig';
import { DefinitionNotFoundError, UnknownTypeError, UnsupportedError, ValidationError } from './errors';
import { MemoryStore } from './memory-store';
import { defineProcessor } from './processor';
import { Queue } from './queue';
import { scheduleOf } from './schedule/scheduled-job';

const HOUR = 3_600_000;
const backup = defineProcessor({
  type: 'backup',
  input: z.object({ folder: z.string() }),
  defaults: { attempts: 7, timeout: 60_000, backoff: () => 5 },
  run: () => 'done',
});
const nightly = {
  cron: '30 2 * * *',
  timezone: 'Europe/Berlin',
  job: { type: 'backup', data: { folder: 'photos' } },
} as const;

describe('set', () => {
  it('gives the schedule with its next run, and keeps the processor’s defaults in it', async () => {
    const { queue } = rig([backup]);
    const schedule = await queue.schedules.set('nightly', {
      ...nightly,
      job: { ...nightly.job, options: { attempts: 9 } },
    });
    expect(schedule).toMatchObject({
      name: 'nightly',
      cron: '30 2 * * *',
      job: { type: 'backup', data: { folder: 'photos' }, options: { attempts: 9, timeout: 60_000 } },
      next: '2025-01-31T01:30:00.000Z',
      runs: 0,
      skipped: 0,
    });
    expect(await queue.schedules.get('nightly')).toEqual(schedule);
    expect(await queue.schedules.list()).toEqual([schedule]);
  });

  it('checks the job by its processor, and changes nothing when it is wrong', async () => {
    const { queue } = rig([backup]);
    const wrong = queue.schedules.set('nightly', { ...nightly, job: { type: 'backup', data: { folder: 3 } as never } });
    await expect(wrong).rejects.toThrow(/data\.folder/);
    const unknown = queue.schedules.set('nightly', {
      ...nightly,
      job: { type: 'mail' as 'backup', data: null as never },
    });
    await expect(unknown).rejects.toThrow(UnknownTypeError);
    const never = queue.schedules.set('nightly', { ...nightly, cron: '0 0 31 2 *' });
    await expect(never).rejects.toThrow(/value\.cron: never comes/);
    expect(await queue.schedules.list()).toEqual([]);
  });

  it('takes times as dates, numbers or texts', async () => {
    const { queue, clock } = rig([backup]);
    const start = new Date(clock.now() + HOUR);
    const { job } = nightly;
    const schedule = await queue.schedules.set('s', { every: HOUR, start, end: clock.now() + 2 * HOUR, job });
    expect(schedule).toMatchObject({ start: start.toISOString(), next: start.toISOString() });
    const wrong = queue.schedules.set('s', { every: HOUR, start: 'soon', job });
    await expect(wrong).rejects.toThrow(/value\.start/);
  });

  it('again with the same changes nothing, and resumes nothing', async () => {
    const { queue, memory } = rig([backup]);
    await queue.schedules.set('nightly', nightly);
    await queue.schedules.pause('nightly');
    const before = await memory.definitions();
    await queue.schedules.set('nightly', nightly);
    expect(await memory.definitions()).toEqual(before);
    expect(await queue.schedules.set('nightly', { ...nightly, paused: false })).toMatchObject({
      next: '2025-01-31T01:30:00.000Z',
    });
  });
});

describe('a schedule', () => {
  it('runs: its job knows its slot', async () => {
    const seen: unknown[] = [];
    const sync = task('sync', ({ job }) => void seen.push(scheduleOf(job)));
    const { queue, clock, worker } = rig([sync]);
    void worker.start();
    const start = clock.now();
    await queue.schedules.set('hourly', { every: HOUR, job: { type: 'sync', data: null } });
    await clock.advance(2 * HOUR);
    expect(seen).toEqual([1, 2].map((n) => ({ name: 'hourly', slot: new Date(start + n * HOUR) })));
    expect(await queue.schedules.get('hourly')).toMatchObject({
      runs: 2,
      lastSlot: new Date(start + 2 * HOUR).toISOString(),
      lastJob: expect.stringMatching(/^sched-hourly-20250130t140000z$/),
      next: new Date(start + 3 * HOUR).toISOString(),
    });
  });

  it('is paused, resumed and removed', async () => {
    const { queue, clock } = rig([backup]);
    await queue.schedules.set('s', { every: HOUR, job: nightly.job });
    expect(await queue.schedules.pause('s')).toMatchObject({ paused: true });
    expect((await queue.schedules.get('s'))?.next).toBeUndefined();
    await clock.advance(10 * HOUR);
    expect((await queue.counts()).pending).toBe(0);
    const resumed = await queue.schedules.resume('s');
    expect(resumed.paused).toBeUndefined();
    await clock.advance(HOUR);
    expect((await queue.counts()).pending).toBe(1);
    await queue.schedules.remove('s');
    expect(await queue.schedules.get('s')).toBeNull();
  });

  it('is triggered: a job at once, which is none of its runs', async () => {
    const { queue } = rig([backup]);
    await queue.schedules.set('nightly', nightly);
    await queue.schedules.pause('nightly');
    const handle = await queue.schedules.trigger('nightly');
    const job = await queue.get(handle.id);
    expect(job).toMatchObject({
      type: 'backup',
      maxAttempts: 7,
      data: { folder: 'photos' },
      tags: ['schedule:nightly'],
    });
    expect(scheduleOf(job as NonNullable<typeof job>)).toEqual({ name: 'nightly' });
    expect(await queue.schedules.get('nightly')).toMatchObject({ runs: 0 });
  });

  it('that there is not is an error of its own', async () => {
    const { queue } = rig([backup]);
    for (const call of ['pause', 'resume', 'remove', 'trigger', 'preview'] as const)
      await expect(queue.schedules[call]('none')).rejects.toThrow(DefinitionNotFoundError);
    expect(await queue.schedules.get('none')).toBeNull();
  });
});

describe('preview', () => {
  it('tells the next runs of a schedule, no more than its limit leaves', async () => {
    const { queue, clock } = rig([backup]);
    const start = clock.now();
    await queue.schedules.set('s', { every: HOUR, limit: 3, job: nightly.job });
    await clock.advance(HOUR);
    expect(await queue.schedules.preview('s')).toEqual([2, 3].map((n) => new Date(start + n * HOUR)));
  });

  it('tries a timing, across a change of the clocks', async () => {
    const { queue } = rig([backup]);
    const runs = await queue.schedules.preview(
      { cron: '30 2 * * *', timezone: 'Europe/Berlin', start: '2026-03-28' },
      3,
    );
    expect(runs.map((run) => run.toISOString())).toEqual([
      '2026-03-28T01:30:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
    await expect(queue.schedules.preview({ cron: 'now and then' })).rejects.toThrow(ValidationError);
  });
});

it('a store that cannot schedule says so', async () => {
  const store = new MemoryStore();
  Object.assign(store, { capabilities: { ...store.capabilities, schedules: false } });
  const queue = new Queue({ store });
  await expect(queue.schedules.list()).rejects.toThrow(UnsupportedError);
  await expect(queue.schedules.set('s', { every: 1, job: { type: 'a', data: 1 } })).rejects.toThrow(UnsupportedError);
});
