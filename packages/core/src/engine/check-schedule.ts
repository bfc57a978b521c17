/** Checks of schedules. */
import { type Issue, ValidationError } from '../errors';
import type { Json } from '../job';
import {
  MISSED_POLICIES,
  OVERLAP_POLICIES,
  type ScheduledJob,
  type ScheduledJobOptions,
  type ScheduleValue,
} from '../schedule/schedule';
import { cronTimes } from '../schedule/slot-times';
import { Fields, isTimeZone } from './fields';
import { slotSpec } from './slot-spec';
import { acceptSpecs } from './validate';

/** The ids of its jobs hold the name and a time, in 128 characters. */
const MAX_NAME = 96;
const MAX_MISSED_CAP = 1_000;
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})$/;

/** The options of a scheduled job, each: a slip of the pen is not to be passed over. */
const OPTIONS: Record<keyof ScheduledJobOptions, true> = {
  priority: true,
  attempts: true,
  maxCrashes: true,
  backoff: true,
  timeout: true,
  ttl: true,
  retryFor: true,
  ageing: true,
  deadLetter: true,
  onCrash: true,
  key: true,
  group: true,
  needs: true,
  tags: true,
};

/** Adds what is wrong with a schedule. */
export function checkSchedule(value: Json, issues: Issue[], name: string): void {
  const fields = Fields.of<ScheduleValue>(value, issues);
  if (!fields) return;
  if (name.length > MAX_NAME) fields.fail('', `has a name of more than ${MAX_NAME} characters`);
  checkTiming(fields);
  fields.integer('limit', 1);
  fields.flag('paused');
  fields.oneOf('missed', MISSED_POLICIES);
  fields.integer('missedCap', 1, MAX_MISSED_CAP);
  fields.oneOf('overlap', OVERLAP_POLICIES);
  fields.required('job');
  const job = fields.object<ScheduledJob>('job');
  fields.onlyKnown();
  // A name that is too long makes no id.
  if (job && name.length <= MAX_NAME) checkJob(name, job, issues);
}

function checkTiming(fields: Fields<ScheduleValue>): void {
  const { cron, every, timezone, start, end } = fields.value;
  if ((cron === undefined) === (every === undefined)) fields.fail('', 'needs one of cron and every');
  fields.integer('every', 1);
  fields.text('timezone');
  fields.text('cron');
  const isZone = timezone === undefined || isTimeZone(timezone);
  if (!isZone) fields.fail('timezone', 'must be the name of an IANA time zone, for example Europe/Berlin');
  if (timezone !== undefined && every !== undefined) fields.fail('timezone', 'means nothing to an interval');
  const fault = typeof cron === 'string' && isZone ? faultOfCron(cron, timezone) : undefined;
  if (fault !== undefined) fields.fail('cron', fault);
  for (const field of ['start', 'end'] as const) {
    fields.text(field);
    const time = fields.value[field];
    if (typeof time === 'string' && !isTime(time))
      fields.fail(field, 'must be a time with its zone in ISO 8601, for example 2026-12-24T18:00:00Z');
  }
  if (isTime(start) && isTime(end) && Date.parse(end) < Date.parse(start)) fields.fail('end', 'is before start');
}

function checkJob(name: string, fields: Fields<ScheduledJob>, issues: Issue[]): void {
  fields.required('type', 'data');
  fields.text('type');
  fields.any('data');
  const options = fields.object<ScheduledJobOptions>('options');
  fields.onlyKnown();
  if (options) {
    for (const option of Object.keys(OPTIONS) as (keyof ScheduledJobOptions)[]) options.any(option);
    options.onlyKnown();
  }
  if (typeof fields.value.type === 'string') issues.push(...faultsOfSpec(name, fields.value as ScheduledJob));
}

/** What is wrong with the job as a job. */
function faultsOfSpec(name: string, job: ScheduledJob): Issue[] {
  try {
    acceptSpecs([slotSpec(name, job, 0, 0)], Number.POSITIVE_INFINITY);
    return [];
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    return error.issues.map(({ path: [field = '', ...path], message }) => {
      if (field === 'type' || field === 'data') return { path: ['job', field, ...path], message };
      return { path: ['job', 'options', field === 'maxAttempts' ? 'attempts' : field, ...path], message };
    });
  }
}

function faultOfCron(cron: string, timezone: string | undefined): string | undefined {
  // croner reads a date as well, for what comes once: that is a job with `runAt`.
  if (!cron.startsWith('@') && ![5, 6].includes(cron.trim().split(/\s+/).length))
    return 'must have five fields (minute, hour, day of month, month, day of week), or six with the second in front';
  try {
    return cronTimes(cron, timezone).after(0) === undefined ? 'never comes' : undefined;
  } catch (error) {
    return `cannot be read: ${(error as Error).message.replace(/^CronPattern: /, '')}`;
  }
}

function isTime(text: unknown): text is string {
  return typeof text === 'string' && ISO_TIME.test(text) && !Number.isNaN(Date.parse(text));
}
