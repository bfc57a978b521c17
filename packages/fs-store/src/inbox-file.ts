/**
 * What a file in the inbox may say. Any program in any language can write one; so that it need not know more than the type and the data
 * of its job, everything else has a default.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { type Issue, JOB_KEYS, type JobSpec, type Json, LeviathanError, ValidationError } from '@leviathan/core';
import { acceptSpecs, isTime } from '@leviathan/core/engine';
import { type FileFault, invalid, JOB_FILE_FORMAT, newerFormat, parseObject } from './job-file';
import type { Stamp } from './stillness';

/** What the file may hold besides the fields of a job's record. */
const OWN_KEYS = ['delay', 'ttl', 'attempts', 'unique', 'format'];
const KNOWN_KEYS: ReadonlySet<string> = new Set<string>([...JOB_KEYS, ...OWN_KEYS]);
const COPIED = [
  ...[
    'id',
    'priority',
    'maxCrashes',
    'timeout',
    'retryFor',
    'ageing',
    'onCrash',
    'deadLetter',
    'backoff',
    'dependsOn',
    'onParentFailed',
    'key',
    'unique',
    'group',
    'needs',
    'tags',
    'trace',
  ],
];

/**
 * Reads a file of the inbox.
 * @param now What a delay counts from, in epoch milliseconds.
 */
export function parseInboxFile(text: string, now: number): { spec: JobSpec } | { fault: FileFault } {
  const json = parseObject(text);
  if ('fault' in json) return json;
  const { raw } = json;
  if (raw.format !== undefined && raw.format !== JOB_FILE_FORMAT) return { fault: newerFormat(raw.format) };
  const issues: Issue[] = Object.keys(raw)
    .filter((key) => !KNOWN_KEYS.has(key))
    .map((key) => ({ path: [key], message: 'is no field of a job' }));
  for (const key of ['type', 'data']) if (raw[key] === undefined) issues.push({ path: [key], message: 'is missing' });
  const spec = specOf(raw, now, issues);
  try {
    acceptSpecs([spec], Number.POSITIVE_INFINITY);
  } catch (error) {
    if (error instanceof ValidationError) issues.push(...error.issues);
    else if (error instanceof LeviathanError) return { fault: { code: 'INVALID', message: error.message } };
    else throw error;
  }
  return issues.length > 0 ? invalid(issues) : { spec };
}

/**
 * The id of a job whose file gives none: the same for the same file, so that a file which is found again (the process died after the job
 * was added, before the file was removed) adds nothing.
 */
export function idOfFile(name: string, text: string, stamp: Stamp): string {
  const { mtimeMs } = stamp;
  const hash = createHash('sha256').update(`${name}\0${mtimeMs}\0`).update(text).digest();
  // RFC 9562, section 5.8: a UUID of version 8 holds whatever its maker wants, but for version and variant.
  hash[6] = ((hash[6] as number) & 0x0f) | 0x80;
  hash[8] = ((hash[8] as number) & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  const uuid = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
  return `job_${new Date(mtimeMs).toISOString().slice(0, 10)}_${uuid}`;
}

function specOf(raw: Record<string, Json>, now: number, issues: Issue[]): JobSpec {
  const spec: Record<string, unknown> = { type: raw.type ?? 'missing', data: raw.data ?? null };
  for (const key of COPIED) if (raw[key] !== undefined) spec[key] = raw[key];
  const { attempts, maxAttempts = attempts } = raw;
  if (maxAttempts !== undefined) spec.maxAttempts = maxAttempts;
  if (attempts !== undefined && attempts !== maxAttempts) {
    issues.push({ path: ['attempts'], message: 'cannot stand together with maxAttempts' });
  }
  const start = timeOf(raw, 'delay', 'runAt', now, issues);
  if (start !== undefined && start !== now) spec.runAt = start;
  const end = timeOf(raw, 'ttl', 'expiresAt', now, issues);
  if (end !== undefined) spec.expiresAt = end;
  return spec as unknown as JobSpec;
}

/** A time that is given as such, or by its distance from now. */
function timeOf(
  raw: Record<string, Json>,
  near: string,
  far: string,
  now: number,
  issues: Issue[],
): number | undefined {
  const { [near]: ms, [far]: time } = raw;
  if (time !== undefined) {
    const message = isTime(time);
    if (message !== undefined) issues.push({ path: [far], message });
    if (ms !== undefined) issues.push({ path: [near], message: `cannot stand together with ${far}` });
    return message === undefined ? Date.parse(time as string) : undefined;
  }
  if (ms === undefined) return undefined;
  if (typeof ms === 'number' && ms >= 0) return now + ms;
  issues.push({ path: [near], message: 'must be milliseconds, 0 or more' });
  return undefined;
}
