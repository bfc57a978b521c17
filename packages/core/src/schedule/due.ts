/**
 * Which slots of a schedule are to be dealt with, and what came of those that were: pure functions over its state.
 *
 * No slot fires twice. What was dealt with is everything up to the newest slot, but for the gaps: slots that were passed over because the
 * clock had jumped over them. A gap matters only when the clock reads a time before its end again. Then the clock had been ahead, and
 * a schedule that fired in 2099 by mistake must not be silent until then.
 *
 * @module
 */
import {
  DEFAULT_MISSED_CAP,
  type MissedPolicy,
  type ScheduleState,
  type ScheduleValue,
  type SlotGap,
} from './schedule';
import type { SlotTimes } from './slot-times';

/** So late (ms) a slot still counts as on time: timers are not exact, and a clock that was set is noticed after seconds. */
const ON_TIME_MS = 60_000;

/** Gaps that a schedule remembers. */
const MAX_GAPS = 4;

/** What is due now. */
export interface DueSlots {
  /** Those to fire, the oldest first. */
  fire: number[];
  /** The newest one, when nothing is to fire: it was missed. */
  missed?: number;
  /** Slots behind this time and before the first named one are passed over. */
  from?: number;
}

/** What became of a slot. */
export interface SlotOutcome {
  slot: number;
  /** Slots behind this time and before `slot` were passed over. */
  from?: number;
  /** The job that it made. */
  job?: string;
  /** Why it made none. */
  skipped?: 'missed' | 'overlap' | 'invalid';
}

/** The slots whose time has come, by the policy for missed ones; undefined: none. */
export function dueSlots(
  times: SlotTimes,
  state: ScheduleState,
  { missed = 'one', missedCap = DEFAULT_MISSED_CAP, limit = Number.POSITIVE_INFINITY }: Partial<ScheduleValue>,
  now: number,
): DueSlots | undefined {
  if (state.runs >= limit) return undefined;
  const newest = times.upTo(now);
  const done = doneUpTo(state, now);
  if (newest === undefined || newest <= done) return undefined;
  const fire = chosen(times, newest, done, missed, missedCap, now).slice(0, limit - state.runs);
  const first = times.after(done);
  if (fire.length === 0) return { fire, missed: newest, from: done };
  return { fire, ...(first !== fire[0] && { from: done }) };
}

function chosen(
  times: SlotTimes,
  newest: number,
  done: number,
  policy: MissedPolicy,
  cap: number,
  now: number,
): number[] {
  if (policy === 'none' && now - newest > ON_TIME_MS) return [];
  if (policy !== 'all') return [newest];
  const slots: number[] = [];
  for (let slot: number | undefined = newest; slot !== undefined && slot > done && slots.length < cap; ) {
    slots.unshift(slot);
    slot = times.upTo(slot - 1);
  }
  return slots;
}

/** The first slot after `at` that was not dealt with, and is not due already; undefined: there is none. */
export function nextSlot(
  times: SlotTimes,
  state: ScheduleState,
  limit: number | undefined,
  at: number,
): number | undefined {
  if (limit !== undefined && state.runs >= limit) return undefined;
  for (let from = at; ; ) {
    const done = doneUpTo(state, from);
    const slot = times.after(Math.max(from, done));
    if (slot === undefined) return undefined;
    // It may lie behind the end of the gap, among those that were dealt with.
    from = doneUpTo(state, slot);
    if (slot > from) return slot;
  }
}

/** The next slots after `at`, at most `count`. */
export function upcomingSlots(
  times: SlotTimes,
  state: ScheduleState,
  limit: number | undefined,
  at: number,
  count: number,
): number[] {
  const slots: number[] = [];
  while (slots.length < count) {
    const runs = state.runs + slots.length;
    const slot = nextSlot(times, { ...state, runs }, limit, slots.at(-1) ?? at);
    if (slot === undefined) break;
    slots.push(slot);
  }
  return slots;
}

/** The state after a slot was dealt with: a new object. */
export function withOutcome(state: ScheduleState, { slot, from, job, skipped }: SlotOutcome): ScheduleState {
  const next: ScheduleState = { ...state };
  if (job === undefined) next.skipped++;
  else {
    next.runs++;
    next.job = job;
  }
  const gaps = [...(state.gaps ?? [])];
  const inside = gaps.findIndex((gap) => slot < gap.to);
  if (inside >= 0) {
    const gap = gaps[inside] as SlotGap;
    gaps[inside] = { from: Math.max(gap.from, slot), to: gap.to };
  } else {
    next.slot = Math.max(slot, state.slot ?? slot);
    // A slot that was found too late to fire did not fire either.
    if (from !== undefined) gaps.push({ from, to: skipped === 'missed' ? slot + 1 : slot });
  }
  if (gaps.length > MAX_GAPS) gaps.splice(gaps.indexOf(narrowest(gaps)), 1);
  if (gaps.length > 0) next.gaps = gaps;
  return next;
}

/** Slots up to this time were dealt with, as the clock reads `now`. */
function doneUpTo({ since, slot = since, gaps }: ScheduleState, now: number): number {
  const gap = gaps?.find(({ to }) => now < to);
  return Math.max(since, gap ? gap.from : slot);
}

function narrowest(gaps: readonly SlotGap[]): SlotGap {
  return gaps.reduce((least, gap) => (gap.to - gap.from < least.to - least.from ? gap : least));
}
