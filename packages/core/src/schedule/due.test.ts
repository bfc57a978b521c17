import { describe, expect, it } from 'vitest';
import { dueSlots, nextSlot, withOutcome } from './due';
import type { ScheduleState, ScheduleValue } from './schedule';
import { slotTimes } from './slot-times';

const HOUR = 3_600_000;
/** Slots at each full hour from 0 on. */
const hourly = slotTimes({ every: HOUR, start: new Date(0).toISOString() }, 0);
const fresh = (since: number): ScheduleState => ({ since, runs: 0, skipped: 0 });

/** Deals with all that is due, each slot making a job, and gives the slots that fired. */
function pass(
  state: ScheduleState,
  now: number,
  policy: Partial<ScheduleValue> = {},
): { fired: number[]; state: ScheduleState } {
  const due = dueSlots(hourly, state, policy, now);
  if (!due) return { fired: [], state };
  const { fire, missed, ...passed } = due;
  if (missed !== undefined)
    return { fired: [], state: withOutcome(state, { slot: missed, skipped: 'missed', ...passed }) };
  let next = state;
  for (const [i, slot] of fire.entries())
    next = withOutcome(next, { slot, job: `job-${slot / HOUR}`, ...(i === 0 && passed) });
  return { fired: fire.map((slot) => slot / HOUR), state: next };
}

describe('a slot', () => {
  it('is due when its time has come, and then no more', () => {
    expect(pass(fresh(0), HOUR - 1).fired).toEqual([]);
    const { fired, state } = pass(fresh(0), HOUR);
    expect(fired).toEqual([1]);
    expect(state).toEqual({ since: 0, slot: HOUR, runs: 1, skipped: 0, job: 'job-1' });
    expect(pass(state, HOUR + 1).fired).toEqual([]);
  });

  it('from before the schedule is none of its own', () => {
    expect(pass(fresh(5.5 * HOUR), 5.9 * HOUR).fired).toEqual([]);
    expect(pass(fresh(5.5 * HOUR), 6 * HOUR).fired).toEqual([6]);
  });

  it('is not due when the limit is reached', () => {
    expect(pass({ ...fresh(0), runs: 3 }, HOUR, { limit: 3 }).fired).toEqual([]);
    expect(nextSlot(hourly, { ...fresh(0), runs: 3 }, 3, 0)).toBeUndefined();
  });
});

describe('missed slots', () => {
  const late = 10 * HOUR + 30 * 60_000;

  it('one: the newest fires in place of all', () => {
    const { fired, state } = pass(fresh(HOUR), late, { missed: 'one' });
    expect(fired).toEqual([10]);
    expect(state).toMatchObject({ slot: 10 * HOUR, gaps: [{ from: HOUR, to: 10 * HOUR }], runs: 1 });
    expect(pass(state, late).fired).toEqual([]);
  });

  it('none: left out, but for one that is hardly late', () => {
    const { fired, state } = pass(fresh(HOUR), late, { missed: 'none' });
    expect(fired).toEqual([]);
    expect(state).toMatchObject({ slot: 10 * HOUR, runs: 0, skipped: 1 });
    expect(pass(state, late).fired).toEqual([]);
    expect(pass(state, 11 * HOUR + 5_000, { missed: 'none' }).fired).toEqual([11]);
    expect(pass(fresh(HOUR), 10 * HOUR + 60_000, { missed: 'none' }).fired).toEqual([10]);
  });

  it('all: each fires, the oldest first; of more than the cap the newest', () => {
    expect(pass(fresh(6 * HOUR), late, { missed: 'all' }).fired).toEqual([7, 8, 9, 10]);
    const { fired, state } = pass(fresh(0), late, { missed: 'all', missedCap: 3 });
    expect(fired).toEqual([8, 9, 10]);
    expect(state).toMatchObject({ slot: 10 * HOUR, gaps: [{ from: 0, to: 8 * HOUR }], runs: 3 });
  });

  it('all: no more than the limit leaves', () => {
    expect(pass({ ...fresh(0), runs: 1 }, 5 * HOUR, { missed: 'all', limit: 3 }).fired).toEqual([1, 2]);
  });

  it('of years cost no more than one', () => {
    expect(pass(fresh(0), 1e6 * HOUR).fired).toEqual([1e6]);
  });
});

describe('a clock that was set', () => {
  it('back fires no slot twice', () => {
    let { state } = pass(fresh(0), HOUR);
    ({ state } = pass(state, 2 * HOUR));
    for (let now = -HOUR; now < 3 * HOUR; now += HOUR / 4) {
      const again = pass(state, now);
      expect(again.fired).toEqual([]);
      state = again.state;
    }
    expect(nextSlot(hourly, state, undefined, -HOUR)).toBe(3 * HOUR);
    expect(pass(state, 3 * HOUR).fired).toEqual([3]);
  });

  it('ahead by mistake and back again goes on where it was', () => {
    let { state } = pass(fresh(0), HOUR);
    ({ state } = pass(state, 1000 * HOUR));
    ({ state } = pass(state, 1001 * HOUR));
    expect(state).toMatchObject({ slot: 1001 * HOUR, runs: 3 });
    expect(nextSlot(hourly, state, undefined, 1.5 * HOUR)).toBe(2 * HOUR);
    const fired: number[] = [];
    for (let hour = 1; hour <= 1003; hour++) {
      const next = pass(state, hour * HOUR);
      fired.push(...next.fired);
      state = next.state;
    }
    // Each hour once, but for 1, 1000 and 1001, which had fired.
    expect(fired).toEqual([...Array.from({ length: 998 }, (_, i) => i + 2), 1002, 1003]);
  });

  it('ahead and back more than once remembers the widest gaps', () => {
    let state = fresh(0);
    for (const hour of [1, 50_000, 50_002, 50_005, 50_009, 50_014, 50_020]) ({ state } = pass(state, hour * HOUR));
    expect(state.gaps).toHaveLength(4);
    expect(nextSlot(hourly, state, undefined, 1.5 * HOUR)).toBe(2 * HOUR);
    expect(pass(state, 2 * HOUR).fired).toEqual([2]);
  });

  it('a slot that was found too late fires after all when the clock was ahead', () => {
    const { state } = pass(fresh(0), 2.5 * HOUR, { missed: 'none' });
    expect(pass(state, 2 * HOUR, { missed: 'none' }).fired).toEqual([2]);
  });
});

it('whatever the clock and the policies do, no slot fires twice', () => {
  let seed = 20250130;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return seed % below;
  };
  for (let round = 0; round < 200; round++) {
    let state = fresh(0);
    let now = 0;
    const seen = new Set<number>();
    for (let step = 0; step < 60; step++) {
      now = Math.max(0, now + (random(10) < 7 ? random(HOUR * 2) : (random(60) - 30) * HOUR));
      const policy = { missed: (['none', 'one', 'all'] as const)[random(3)] as 'none', missedCap: 1 + random(5) };
      const next = pass(state, now, policy);
      for (const slot of next.fired) {
        expect(seen.has(slot), `slot ${slot}, round ${round}, step ${step}`).toBe(false);
        expect(slot * HOUR).toBeLessThanOrEqual(now);
        seen.add(slot);
      }
      state = next.state;
    }
    expect(state.runs).toBe(seen.size);
  }
});
