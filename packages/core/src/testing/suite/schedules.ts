import type { JobSpec } from '../../job';
import type { ScheduleState, ScheduleValue } from '../../schedule/schedule';
import { describe, expect } from '../vitest-api';
import { type Harness, iso } from './harness';
import type { StoreTest } from './store-test';

const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** Sets a schedule; its jobs are of type `a`, and it comes each hour, unless said otherwise. */
export async function setSchedule(h: Harness, value: Partial<ScheduleValue> = {}, name = 's'): Promise<void> {
  const timing = value.cron === undefined ? { every: HOUR } : {};
  await h.store.define([
    {
      kind: 'schedule',
      name,
      value: JSON.parse(JSON.stringify({ ...timing, job: { type: 'a', data: null }, ...value })),
    },
  ]);
}

export async function stateOf(h: Harness, name = 's'): Promise<ScheduleState> {
  const found = await h.store.definitions('schedule');
  return found.find((definition) => definition.name === name)?.state as unknown as ScheduleState;
}

/** The slots of the jobs that there are, in hours after `from`. */
async function slots(h: Harness, from: number): Promise<number[]> {
  const jobs = await h.everything();
  return jobs.map(({ tags = [] }) => {
    const slot = tags.find((tag) => tag.startsWith('slot:'))?.slice('slot:'.length) ?? '';
    return (Date.parse(slot) - from) / HOUR;
  });
}

/** Definitions of kind `schedule`: a job for each slot, and never two. */
export function schedules(test: StoreTest): void {
  const timed = test.needing('schedules', 'fake-clock');
  const lasting = test.needing('schedules', 'fake-clock', 'persistence');

  describe('a schedule', () => {
    timed('makes a job at each slot, not a millisecond earlier', async (h) => {
      const start = h.now();
      await setSchedule(h);
      await h.clock.advance(HOUR - 1);
      expect(await h.everything()).toEqual([]);
      await h.clock.advance(1);
      expect(await h.everything()).toMatchObject([{ type: 'a', status: 'pending', created: iso(start + HOUR) }]);
      await h.clock.advance(2 * HOUR);
      expect(await slots(h, start)).toEqual([1, 2, 3]);
    });

    timed('wakes a worker that waits', async (h) => {
      await setSchedule(h, {
        job: { type: 'a', data: { n: 1 }, options: { priority: 2, attempts: 7, tags: ['red'] } },
      });
      const waiting = h.claimOne();
      await h.clock.advance(HOUR);
      const slot = iso(h.now());
      expect((await waiting).job).toMatchObject({
        id: `sched-s-${slot.replace(/[-:]|\.000/g, '').toLowerCase()}`,
        data: { n: 1 },
        priority: 2,
        maxAttempts: 7,
        tags: ['red', 'schedule:s', `slot:${slot}`],
      });
    });

    timed('comes by its cron pattern in its time zone', async (h) => {
      // The fake clock starts on 30 January 2025 at noon UTC, which is 13:00 in Berlin.
      await setSchedule(h, { cron: '30 13 * * *', timezone: 'Europe/Berlin' });
      await h.clock.advance(30 * MINUTE - 1);
      expect(await h.everything()).toEqual([]);
      await h.clock.advance(1);
      expect(await h.everything()).toHaveLength(1);
      await h.clock.advance(24 * HOUR);
      expect(await h.everything()).toHaveLength(2);
    });

    timed('counts from its start, and ends with its end or its limit', async (h) => {
      const start = h.now();
      await setSchedule(h, { start: iso(start + 90 * MINUTE), end: iso(start + 210 * MINUTE) }, 'bounded');
      await setSchedule(h, { limit: 2 }, 'limited');
      await h.clock.advance(10 * HOUR);
      const ids = (await h.everything()).map(({ id }) => id.slice(0, 'sched-bounded'.length));
      expect(ids.filter((id) => id === 'sched-bounded')).toHaveLength(3);
      expect(await stateOf(h, 'bounded')).toMatchObject({ runs: 3, slot: start + 210 * MINUTE });
      expect(await stateOf(h, 'limited')).toMatchObject({ runs: 2, slot: start + 2 * HOUR });
    });

    timed('that is removed makes no more jobs, and leaves those that it made', async (h) => {
      await setSchedule(h);
      await h.clock.advance(HOUR);
      await h.store.define([{ kind: 'schedule', name: 's', value: null }]);
      await h.clock.advance(5 * HOUR);
      expect(await h.everything()).toHaveLength(1);
      expect(await h.store.definitions('schedule')).toEqual([]);
    });

    timed('that is paused makes none; resumed, it goes on with the next slot', async (h) => {
      const start = h.now();
      await setSchedule(h);
      await h.clock.advance(HOUR);
      await setSchedule(h, { paused: true });
      await h.clock.advance(3 * HOUR + 30 * MINUTE);
      await setSchedule(h);
      await h.clock.advance(29 * MINUTE);
      expect(await slots(h, start)).toEqual([1]);
      await h.clock.advance(MINUTE);
      expect(await slots(h, start)).toEqual([1, 5]);
    });

    timed('with another timing has missed nothing', async (h) => {
      const start = h.now();
      await setSchedule(h, { every: 10 * HOUR });
      await h.clock.advance(5 * HOUR);
      await setSchedule(h, { every: HOUR });
      expect(await h.everything()).toEqual([]);
      await h.clock.advance(HOUR);
      expect(await slots(h, start)).toEqual([6]);
    });

    timed('with another job keeps its slots', async (h) => {
      const start = h.now();
      await setSchedule(h);
      await h.clock.advance(HOUR + 30 * MINUTE);
      await setSchedule(h, { job: { type: 'b', data: 'new' } });
      await h.clock.advance(30 * MINUTE);
      expect(await slots(h, start)).toEqual([1, 2]);
      expect((await h.everything()).map(({ type }) => type)).toEqual(['a', 'b']);
      expect(await stateOf(h)).toMatchObject({ runs: 2 });
    });

    timed('tells of its last slot, its runs and its newest job', async (h) => {
      const start = h.now();
      await setSchedule(h);
      expect(await stateOf(h)).toEqual({ since: start, runs: 0, skipped: 0 });
      await h.clock.advance(2 * HOUR);
      const jobs = await h.everything();
      expect(await stateOf(h)).toEqual({
        since: start,
        slot: start + 2 * HOUR,
        runs: 2,
        skipped: 0,
        job: jobs[1]?.id,
      });
    });

    timed('does not stand in the way of others', async (h) => {
      for (const name of ['x', 'y', 'z']) await setSchedule(h, {}, name);
      await setSchedule(h, { every: 20 * MINUTE }, 'fast');
      await h.clock.advance(HOUR);
      expect(await h.everything()).toHaveLength(6);
    });

    timed('makes no second job when the job of its slot is there already', async (h) => {
      await setSchedule(h);
      const slot = iso(h.now() + HOUR).replace(/[-:]|\.000/g, '');
      await h.add({ id: `sched-s-${slot.toLowerCase()}` });
      await h.clock.advance(HOUR);
      expect(await h.everything()).toHaveLength(1);
      expect(await stateOf(h)).toMatchObject({ runs: 1 });
    });
  });

  describe('a schedule after a suspend of hours', () => {
    const AWAKE = 30 * MINUTE;
    const asleep = async (h: Harness, value: Partial<ScheduleValue>): Promise<number[]> => {
      const start = h.now();
      await setSchedule(h, value);
      await h.clock.suspend(5 * HOUR + AWAKE);
      await h.clock.advance(MINUTE);
      const found = await slots(h, start);
      // Once: nothing comes a second time.
      await h.clock.advance(AWAKE - 2 * MINUTE);
      expect(await slots(h, start)).toEqual(found);
      await h.clock.advance(MINUTE);
      expect(await slots(h, start)).toEqual([...found, 6]);
      return found;
    };

    timed('makes one job in place of all, unless said otherwise', async (h) => {
      expect(await asleep(h, {})).toEqual([5]);
    });

    timed('makes none if asked', async (h) => {
      expect(await asleep(h, { missed: 'none' })).toEqual([]);
      expect(await stateOf(h)).toMatchObject({ runs: 1, skipped: 1 });
    });

    timed('makes all if asked, the oldest first, up to a cap', async (h) => {
      expect(await asleep(h, { missed: 'all' })).toEqual([1, 2, 3, 4, 5]);
    });

    timed('makes no more than its cap', async (h) => {
      expect(await asleep(h, { missed: 'all', missedCap: 2 })).toEqual([4, 5]);
    });
  });

  describe('a schedule and a wall clock that is set', () => {
    timed('back: no slot comes twice', async (h) => {
      const start = h.now();
      await setSchedule(h);
      await h.clock.advance(3 * HOUR);
      await h.clock.jump(-2.5 * HOUR);
      await h.clock.advance(2.5 * HOUR - 1);
      expect(await slots(h, start)).toEqual([1, 2, 3]);
      await h.clock.advance(HOUR + 1);
      expect(await slots(h, start)).toEqual([1, 2, 3, 4]);
    });

    timed('far ahead, and right again: it goes on where it was', async (h) => {
      const start = h.now();
      await setSchedule(h);
      await h.clock.advance(HOUR);
      await h.clock.jump(1_000 * HOUR);
      await h.clock.advance(HOUR);
      expect(await slots(h, start)).toEqual([1, 1_001, 1_002]);
      await h.clock.jump(-1_001 * HOUR);
      await h.clock.advance(2 * HOUR);
      expect(await slots(h, start)).toEqual([1, 1_001, 1_002, 2, 3]);
    });
  });

  describe('a schedule that is reopened', () => {
    lasting('is as it was, and goes on', async (h) => {
      const start = h.now();
      await setSchedule(h);
      await h.clock.advance(2 * HOUR);
      const before = await h.store.definitions('schedule');
      await h.reopen();
      expect(await h.store.definitions('schedule')).toEqual(before);
      expect(await slots(h, start)).toEqual([1, 2]);
      await h.clock.advance(HOUR);
      expect(await slots(h, start)).toEqual([1, 2, 3]);
    });

    lasting('makes up for what it missed meanwhile, by its policy, once', async (h) => {
      const start = h.now();
      await setSchedule(h, {}, 'one');
      await setSchedule(h, { missed: 'none' }, 'none');
      await setSchedule(h, { missed: 'all', missedCap: 2 }, 'all');
      await h.clock.advance(HOUR);
      const made = (await h.everything()).map(({ id }) => id);
      await h.reopen(() => h.clock.advance(5 * HOUR + 30 * MINUTE));
      const found = (await h.everything()).filter(({ id }) => !made.includes(id));
      expect(found.map(({ tags }) => tags?.join(' '))).toEqual([
        `schedule:all slot:${iso(start + 5 * HOUR)}`,
        `schedule:all slot:${iso(start + 6 * HOUR)}`,
        `schedule:one slot:${iso(start + 6 * HOUR)}`,
      ]);
      await h.reopen();
      expect(await h.everything()).toHaveLength(6);
    });
  });

  describe('a schedule that is not valid', () => {
    const job = { type: 'a', data: null };
    const WRONG: [what: string, value: Record<string, unknown>, path: string][] = [
      ['no timing', { job }, ''],
      ['two timings', { cron: '* * * * *', every: 5, job }, ''],
      ['a pattern of four fields', { cron: '* * * *', job }, 'cron'],
      ['a pattern of a minute that there is not', { cron: '60 * * * *', job }, 'cron'],
      ['a pattern that never comes', { cron: '0 0 31 2 *', job }, 'cron'],
      ['a date instead of a pattern', { cron: '2026-01-01T00:00:00', job }, 'cron'],
      ['an unknown zone', { cron: '* * * * *', timezone: 'Mars/Olympus', job }, 'timezone'],
      ['an interval of nothing', { every: 0, job }, 'every'],
      ['a time without a zone', { every: 5, start: '2026-01-01T00:00', job }, 'start'],
      ['an end before the start', { every: 5, start: '2026-01-02T00:00Z', end: '2026-01-01T00:00Z', job }, 'end'],
      ['a limit of nothing', { every: 5, limit: 0, job }, 'limit'],
      ['an unknown policy', { every: 5, missed: 'two', job }, 'missed'],
      ['an unknown overlap', { every: 5, overlap: 'maybe', job }, 'overlap'],
      ['an unknown field', { evry: 5, every: 5, job }, 'evry'],
      ['no job', { every: 5 }, 'job'],
      ['a job without data', { every: 5, job: { type: 'a' } }, 'job.data'],
      ['a wrong type', { every: 5, job: { type: 'a b', data: null } }, 'job.type'],
      ['a wrong priority', { every: 5, job: { ...job, options: { priority: 11 } } }, 'job.options.priority'],
      ['wrong attempts', { every: 5, job: { ...job, options: { attempts: 0 } } }, 'job.options.attempts'],
      [
        'more tags than two less than a job may have',
        { every: 5, job: { ...job, options: { tags: Array.from({ length: 31 }, (_, n) => `t${n}`) } } },
        'job.options.tags',
      ],
      ['tags that are no list', { every: 5, job: { ...job, options: { tags: 'red' } } }, 'job.options.tags'],
      ['an id of its own', { every: 5, job: { ...job, options: { id: 'x' } } }, 'job.options.id'],
    ];

    for (const [what, value, path] of WRONG) {
      test.needing('schedules')(`is refused: ${what}`, async (h) => {
        const refused = h.store.define([{ kind: 'schedule', name: 's', value: value as unknown as JobSpec['data'] }]);
        const error = await refused.then(
          () => undefined,
          (thrown: unknown) => thrown as { code: string; issues: { path: (string | number)[] }[] },
        );
        expect(error?.code).toBe('INVALID');
        expect(error?.issues.map((issue) => issue.path.slice(1).join('.'))).toContain(path);
        expect(await h.store.definitions('schedule')).toEqual([]);
      });
    }
  });
}
