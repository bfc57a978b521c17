/**
 * A schedule as its users see it: what it says, what came of it, and when it comes next.
 *
 * @module
 */
import type { Definition } from './definition';
import { faultsOfDefinition } from './engine/decide-define';
import { isoOf } from './engine/time';
import { ValidationError } from './errors';
import type { Json } from './job';
import { timeOf } from './job-spec';
import { toJson } from './json';
import { nextSlot } from './schedule/due';
import type { ScheduleState, ScheduleTiming, ScheduleValue } from './schedule/schedule';
import { type SlotTimes, slotTimes } from './schedule/slot-times';

/** A `Date`, epoch milliseconds, or ISO 8601. */
export type Time = Date | number | string;

/** What says when slots come. */
export type Timing = Omit<ScheduleTiming, 'start' | 'end'> & { start?: Time; end?: Time; limit?: number };

/** A schedule, and what came of it so far. Times are ISO 8601, UTC. */
export interface Schedule extends ScheduleValue {
  name: string;
  created: string;
  updated: string;
  /** When it fires next; left out when it does not. */
  next?: string;
  /** The newest slot that was dealt with. */
  lastSlot?: string;
  /** Id of the newest job that a slot made. */
  lastJob?: string;
  /** Jobs that its slots made. */
  runs: number;
  /** Slots that made none: see `ScheduleState`. */
  skipped: number;
}

type Planned = Pick<Definition, 'value' | 'created' | 'state'>;

/** What a definition of kind `schedule` says. */
export function scheduleValue({ value }: Pick<Definition, 'value'>): ScheduleValue {
  return value as unknown as ScheduleValue;
}

/** When its slots come, and how far it is. */
export function planOf(definition: Planned): { times: SlotTimes; state: ScheduleState; limit: number | undefined } {
  const value = scheduleValue(definition);
  const times = slotTimes(value, Date.parse(definition.created));
  return { times, state: definition.state as unknown as ScheduleState, limit: value.limit };
}

/** A timing as if it were set now. @throws ValidationError */
export function trialOf(timing: Timing, now: number): Planned {
  const value = toJson('The schedule', 'schedule', { ...withTimes(timing), job: { type: 'preview', data: null } });
  const issues = faultsOfDefinition('schedule', value, 'preview');
  if (issues.length > 0) throw new ValidationError('The schedule', issues);
  const state: ScheduleState = { since: now, runs: 0, skipped: 0 };
  return { value, created: isoOf(now), state: state as unknown as Json };
}

/** As the API shows it. */
export function shownSchedule(definition: Definition, now: number): Schedule {
  const { name, created, updated } = definition;
  const { times, state, limit } = planOf(definition);
  const value = scheduleValue(definition);
  const next = value.paused ? undefined : nextSlot(times, state, limit, now);
  return {
    name,
    ...value,
    created,
    updated,
    ...(next !== undefined && { next: isoOf(next) }),
    ...(state.slot !== undefined && { lastSlot: isoOf(state.slot) }),
    ...(state.job !== undefined && { lastJob: state.job }),
    runs: state.runs,
    skipped: state.skipped,
  };
}

/** `start` and `end` as the file has them. What is no time stays as it is: the store's check tells of it. */
export function withTimes<T extends { start?: Time; end?: Time }>(timing: T): T {
  const { start, end } = timing;
  return {
    ...timing,
    ...(start !== undefined && { start: isoTime(start) }),
    ...(end !== undefined && { end: isoTime(end) }),
  };
}

function isoTime(time: Time): Time {
  const at = timeOf(time);
  return Number.isNaN(at) ? String(time) : new Date(at).toISOString();
}
