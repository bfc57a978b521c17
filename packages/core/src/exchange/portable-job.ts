/**
 * A job as a document holds it: what it takes to make it again, or all of it.
 *
 * @module
 */
import { isTime } from '../engine/job-checks';
import { parseJob } from '../engine/job-record';
import type { Issue } from '../errors';
import { JOB_KEYS, JOB_OPTION_KEYS, type Job, type Json } from '../job';
import type { JsonObject } from '../json';

/** Under which name a job has what an option asked for. */
const FIELDS: { [option: string]: keyof Job } = { attempts: 'maxAttempts' };

/** What counts of a job that has ended, when two of them are compared. */
const OUTCOME = ['status', 'result', 'reason', 'finished'] as const;

/** What a producer would say to have the job made again: type, data and options, and nothing that became of it. */
export function definitionOf(job: Job): JsonObject {
  const options = JOB_OPTION_KEYS.map((key) => [key, job[FIELDS[key] ?? (key as keyof Job)]] as const);
  const { id, type, data } = job;
  const present = options.filter(([key, value]) => key !== 'id' && value !== undefined);
  return { id, type, data: data as Json, ...(Object.fromEntries(present) as JsonObject) };
}

/** The whole job, but for its place in the queue, which means nothing elsewhere. */
export function recordOf(job: Job): JsonObject {
  const { order: _ofItsStore, ...rest } = job;
  return rest as unknown as JsonObject;
}

/** A job that was read, with or without its history. */
export interface PortableJob {
  job: Job;
  hasHistory: boolean;
}

/**
 * Reads a job of a document, with the id that it is to have if it gives none. With a `status` it is a whole job, whose history is taken over
 * unless `history` is false; otherwise it is a definition, and pending.
 * @param now Epoch milliseconds: what a `delay` counts from.
 * @param issues Gets what is wrong; the job counts only if nothing was added.
 */
export function readJob(
  value: JsonObject,
  { now, history, id }: { now: number; history: boolean; id: string },
  issues: Issue[],
): PortableJob | undefined {
  const { kind: _told, attempts, delay, ...rest } = value;
  const isWhole = rest.status !== undefined;
  const hasHistory = isWhole && history;
  for (const key of Object.keys(rest)) {
    const isKnown = (isWhole ? (JOB_KEYS as readonly string[]) : DEFINITION_KEYS).includes(key);
    if (!isKnown) issues.push({ path: [key], message: `is none of ${DEFINITION_KEYS.join(', ')}` });
  }
  if (issues.length > 0) return undefined;
  const raw: JsonObject = hasHistory ? { ...rest } : pick(rest, DEFINITION_KEYS);
  raw.id ??= id;
  if (raw.data === undefined) raw.data = {};
  if (attempts !== undefined) raw.maxAttempts ??= attempts;
  if (delay !== undefined) raw.runAt = runAtOf(delay, raw.runAt, now, issues);
  else if (typeof raw.runAt === 'number') raw.runAt = dateOf(raw.runAt) ?? raw.runAt;
  const read = parseJob(definedOf(raw), now, Number.POSITIVE_INFINITY);
  if ('issues' in read) issues.push(...read.issues);
  if ('issues' in read || issues.length > 0) return undefined;
  const { job } = read;
  // A time that has come means nothing to wait for.
  if (job.runAt !== undefined && Date.parse(job.runAt) <= now) delete job.runAt;
  // Whoever ran it there does not run it here.
  if (job.status === 'active') job.status = 'pending';
  return { job, hasHistory };
}

/**
 * What is compared to find out whether a job is there already: its definition, and how it ended if the one that comes has ended. A job that
 * is there and has gone on meanwhile is still the same.
 */
export function comparableOf(job: Job, incoming: PortableJob, now: number): JsonObject {
  const { id: _sameAnyway, runAt, priority, ...definition } = definitionOf(job);
  // One that ages has another priority by and by.
  if (definition.ageing === undefined) definition.priority = priority as Json;
  const isToCome = typeof runAt === 'string' && isTime(runAt) === undefined && Date.parse(runAt) > now;
  const outcome = incoming.hasHistory && incoming.job.status !== 'pending' ? pick(recordOf(job), OUTCOME) : {};
  return { ...definition, ...(isToCome && incoming.job.status === 'pending' && { runAt }), ...outcome };
}

const DEFINITION_KEYS: readonly string[] = [
  'type',
  'data',
  ...JOB_OPTION_KEYS.filter((key) => !['attempts', 'delay', 'ttl', 'unique'].includes(key)),
  'maxAttempts',
];

function runAtOf(delay: Json, runAt: Json | undefined, now: number, issues: Issue[]): Json {
  if (runAt !== undefined) issues.push({ path: ['delay'], message: 'cannot stand together with runAt' });
  else if (typeof delay !== 'number' || delay < 0) {
    issues.push({ path: ['delay'], message: 'must be milliseconds, 0 or more' });
  }
  return (typeof delay === 'number' && dateOf(now + delay)) || null;
}

function dateOf(time: number): string | undefined {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

function pick(value: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(keys.filter((key) => value[key] !== undefined).map((key) => [key, value[key] as Json]));
}

/** Optional fields that are `null` are absent: some languages write them so. */
function definedOf(value: JsonObject): JsonObject {
  const fields = Object.entries(value).filter(([key, field]) => field !== null || key === 'data' || key === 'result');
  return Object.fromEntries(fields);
}
