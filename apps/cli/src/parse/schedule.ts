/**
 * The options of a schedule, from the command line.
 *
 * @module
 */
import {
  MISSED_POLICIES,
  OVERLAP_POLICIES,
  type ScheduledJobOptions,
  type ScheduleSpec,
  type ScheduleTiming,
} from '@leviathan/core';
import { UsageError } from '../errors';
import { parseDuration } from './duration';
import { oneOf } from './filter';
import { type JobFlags, parseJobFlags } from './job-options';
import { parseInteger } from './number';
import { parseWhen } from './when';

/** Options that say when a schedule comes, as commander hands them over. */
export interface TimingFlags {
  cron?: string;
  every?: string;
  timezone?: string;
  start?: string;
  end?: string;
  limit?: string;
}

/** Options of the jobs. */
const JOB_FLAGS = [
  'priority',
  'attempts',
  'timeout',
  'ttl',
  'retryFor',
  'onCrash',
  'deadLetter',
  'tag',
  'key',
  'group',
  'needs',
  'ageing',
] as const satisfies readonly (keyof JobFlags)[];

/** All options of `schedule set`. */
export interface ScheduleFlags extends TimingFlags, Pick<JobFlags, (typeof JOB_FLAGS)[number]> {
  missed?: string;
  missedCap?: string;
  overlap?: string;
}

type Timing = Pick<ScheduleSpec, 'cron' | 'every' | 'timezone' | 'start' | 'end' | 'limit'>;

/**
 * The timing that the flags say, on top of one that is there: a pattern takes the place of an interval, and the other way round. A new
 * pattern without a zone is of this machine's zone, by name: whoever runs it later may be elsewhere.
 * @throws UsageError
 */
export function parseTiming(flags: TimingFlags, before: ScheduleTiming & { limit?: number }, now: number): Timing {
  const { cron, every, timezone, start, end, limit } = flags;
  if (cron !== undefined && every !== undefined) throw new UsageError('--cron and --every exclude each other.');
  const timing: Timing = {};
  if (every === undefined && (cron ?? before.cron) !== undefined) {
    timing.cron = cron ?? (before.cron as string);
    timing.timezone = timezone ?? before.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  } else if (every !== undefined) timing.every = parseDuration(every, 'duration for --every');
  else if (before.every !== undefined) timing.every = before.every;
  else throw new UsageError('When does it come?', '--cron "30 2 * * *", or --every 6h.');
  if (timing.every !== undefined && timezone !== undefined)
    throw new UsageError('--timezone means nothing to an interval; it belongs to --cron.');
  const [from, to] = [timeOf(start, now) ?? before.start, timeOf(end, now) ?? before.end];
  if (from !== undefined) timing.start = from;
  if (to !== undefined) timing.end = to;
  const most = limit === undefined ? before.limit : parseInteger(limit, '--limit', 1);
  if (most !== undefined) timing.limit = most;
  return timing;
}

/** What to do about missed slots and overlaps. @throws UsageError */
export function parsePolicies({ missed, missedCap, overlap }: ScheduleFlags): Partial<ScheduleSpec> {
  return {
    ...(missed !== undefined && { missed: oneOf(missed, MISSED_POLICIES, '--missed') }),
    ...(missedCap !== undefined && { missedCap: parseInteger(missedCap, '--missed-cap', 1, 1_000) }),
    ...(overlap !== undefined && { overlap: oneOf(overlap, OVERLAP_POLICIES, '--overlap') }),
  };
}

/** The options of its jobs. @throws UsageError */
export function parseScheduledJob(flags: ScheduleFlags, now: number): ScheduledJobOptions {
  return parseJobFlags(Object.fromEntries(JOB_FLAGS.map((name) => [name, flags[name]])), now);
}

function timeOf(text: string | undefined, now: number): string | undefined {
  return text === undefined ? undefined : new Date(parseWhen(text, now, 'future')).toISOString();
}
