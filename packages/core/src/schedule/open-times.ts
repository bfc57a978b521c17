/**
 * When a window is open: pure functions over wall-clock times of a week in a time zone.
 *
 * What counts is what the clock on the wall reads. Where clocks are set forward, times that they leave out are never read: a window that opens at
 * one of them opens with the change. Where they are set back, a window whose times are read twice is open twice.
 *
 * @module
 */
const DAY = 86_400_000;
const MINUTE = 60_000;

/** Days of the week as they are written, in the order of `Date.getUTCDay`. */
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** A range that comes every week, but for one that a change of clocks leaves out, which comes the week after. */
const HORIZON = 15 * DAY;

/** Wall-clock times of some days of the week. */
export interface TimeRange {
  /** Days on which it begins, as `mon-fri`, `sat,sun` or `fri-mon`; every day by default. */
  days?: string;
  /** When it begins: `22:00`. */
  from: string;
  /** When it ends: `07:00`, on the next day if that is not after `from`; `24:00` is midnight. */
  to: string;
  /** IANA time zone, for example `Europe/Berlin`; UTC by default. */
  timezone?: string;
}

/**
 * Whether it is in one of the ranges at this time (epoch milliseconds).
 *
 * @example
 * ```ts
 * isOpen([{ days: 'mon-fri', from: '22:00', to: '07:00', timezone: 'Europe/Berlin' }], Date.now());
 * ```
 */
export function isOpen(ranges: readonly TimeRange[], at: number): boolean {
  return ranges.some((range) => {
    const local = at + offsetAt(at, range.timezone);
    return firstWithin(range, local, local + 1) !== undefined;
  });
}

/** The first time from `at` on (epoch milliseconds) that is in one of the ranges; undefined: there is none. */
export function nextOpening(ranges: readonly TimeRange[], at: number): number | undefined {
  const openings = ranges.map((range) => openingOf(range, at) ?? Number.POSITIVE_INFINITY);
  const first = Math.min(...openings);
  return Number.isFinite(first) ? first : undefined;
}

/** Days of a text such as `mon-fri` or `sat,sun`, 0 for Sunday; undefined: it cannot be read. */
export function parseDays(text: string): Set<number> | undefined {
  const found = new Set<number>();
  for (const part of text.toLowerCase().split(',')) {
    const [first = -1, last = first, ...rest] = part.split('-').map((name) => DAYS.indexOf(name.trim()));
    if (first < 0 || last < 0 || rest.length > 0) return undefined;
    for (let day = first; ; day = (day + 1) % DAYS.length) {
      found.add(day);
      if (day === last) break;
    }
  }
  return found;
}

/** Minutes since midnight of a text such as `07:30`; undefined: it is none. */
export function parseTime(text: string): number | undefined {
  const match = /^(\d{2}):(\d{2})$/.exec(text);
  const [hours, minutes] = [Number(match?.[1]), Number(match?.[2])];
  return match && minutes < 60 && hours * 60 + minutes <= 24 * 60 ? hours * 60 + minutes : undefined;
}

function openingOf(range: TimeRange, at: number): number | undefined {
  const { timezone } = range;
  for (let from = at; ; ) {
    const offset = offsetAt(from, timezone);
    const local = firstWithin(range, from + offset, at + HORIZON + offset);
    if (local === undefined) return undefined;
    const opening = local - offset;
    if (offsetAt(opening, timezone) === offset) return opening;
    // The clocks are set before that: what it reads from there on is looked at again.
    from = changeOfClocks(from, opening, offset, timezone);
  }
}

/** The first time in the range from `from` on and before `until`: wall-clock times, counted as if they were UTC. */
function firstWithin(range: TimeRange, from: number, until: number): number | undefined {
  const days = range.days === undefined ? undefined : parseDays(range.days);
  const begins = (parseTime(range.from) ?? 0) * MINUTE;
  const ends = (parseTime(range.to) ?? 0) * MINUTE;
  const length = ends > begins ? ends - begins : ends - begins + DAY;
  for (let midnight = Math.floor(from / DAY) * DAY - DAY; midnight + begins < until; midnight += DAY) {
    if (days && !days.has(new Date(midnight).getUTCDay())) continue;
    const start = midnight + begins;
    if (start + length > from) return Math.max(start, from);
  }
  return undefined;
}

/** When the clocks of the zone are set, behind `from`, where they have this offset, and not behind `until`, where they have not. */
function changeOfClocks(from: number, until: number, offset: number, timezone: string | undefined): number {
  // Clocks are set at whole minutes.
  let before = Math.floor(from / MINUTE);
  let behind = Math.ceil(until / MINUTE);
  while (behind - before > 1) {
    const middle = Math.floor((before + behind) / 2);
    if (offsetAt(middle * MINUTE, timezone) === offset) before = middle;
    else behind = middle;
  }
  return behind * MINUTE;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** What the clocks of the zone are ahead of UTC, in milliseconds. */
function offsetAt(at: number, timezone = 'UTC'): number {
  if (timezone === 'UTC') return 0;
  let format = formats.get(timezone);
  if (!format) {
    const part = '2-digit';
    format = new Intl.DateTimeFormat('en-US', {
      ...{ timeZone: timezone, hourCycle: 'h23', year: 'numeric', month: part },
      ...{ day: part, hour: part, minute: part, second: part },
    });
    formats.set(timezone, format);
  }
  const read = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = read;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1_000) * 1_000;
}
