/**
 * When the slots of a schedule come, by its pattern or interval alone.
 *
 * Cron and daylight saving time, by croner's rules: a pattern with fixed hours and minutes (no `*`, no step) fires once a day, at the first
 * valid time behind a gap, and the first time that a repeated hour comes. Others (`*\/15 * * * *`) follow the time that passes: they leave out
 * what a gap leaves out and fire both times in a repeated hour.
 *
 * @module
 */
import { Cron } from 'croner';
import type { ScheduleTiming } from './schedule';

/** The slots of a schedule. All times are epoch milliseconds. */
export interface SlotTimes {
  /** The first slot after this time; undefined: there is none. */
  after(at: number): number | undefined;
  /** The last slot at or before this time; undefined: there is none. */
  upTo(at: number): number | undefined;
}

/**
 * The slots of a timing that was checked.
 * @param created what an interval without a `start` counts from
 */
export function slotTimes(timing: ScheduleTiming, created: number): SlotTimes {
  const { cron, every, timezone, start, end } = timing;
  const first = start === undefined ? Number.NEGATIVE_INFINITY : Date.parse(start);
  const last = end === undefined ? Number.POSITIVE_INFINITY : Date.parse(end);
  const times = cron === undefined ? intervalTimes(every as number, first, created) : cronTimes(cron, timezone);
  const within = (slot: number | undefined): number | undefined =>
    slot !== undefined && slot >= first && slot <= last ? slot : undefined;
  return {
    after: (at) => within(times.after(Math.max(at, first - 1))),
    upTo: (at) => within(times.upTo(Math.min(at, last))),
  };
}

/** The slots of a cron pattern. @throws Error when pattern or time zone are not valid */
export function cronTimes(pattern: string, timezone = 'UTC'): SlotTimes {
  const cron = new Cron(pattern, { timezone, mode: '5-or-6-parts', fixedTimeRule: 'no-wildcard' });
  return {
    after: (at) => cron.nextRun(new Date(at))?.getTime(),
    // croner means: before. A slot is a whole second.
    upTo: (at) => cron.previousRuns(1, new Date(at + 1))[0]?.getTime(),
  };
}

/** From `start` on, it included; without one, from `created` on, it not included: who says "every hour" does not mean now. */
function intervalTimes(every: number, start: number, created: number): SlotTimes {
  const [anchor, first] = Number.isFinite(start) ? [start, 0] : [created, 1];
  return {
    after: (at) => anchor + Math.max(Math.floor((at - anchor) / every) + 1, first) * every,
    upTo: (at) => {
      const count = Math.floor((at - anchor) / every);
      return count < first ? undefined : anchor + count * every;
    },
  };
}
