/**
 * Dead letters: what is left of a job that failed for good, as the data of a job of another type.
 *
 * @module
 */
import type { DeadLetterData, JobSpec, Json } from '../job';
import { type BodySource, type Entry, headOf } from './entry';
import { newJobId } from './job-id';
import { dataOf } from './job-of';
import type { AddDraft, JobHead, RecordDraft } from './records';
import { isoOf } from './time';
import { JOB_DEFAULTS } from './validate';

type Failure = Extract<RecordDraft, { op: 'fail' }>;

/**
 * The letter of a job that is about to fail; undefined: it wants none, somebody cancelled it, or it is a letter itself, whose failure makes
 * no other one.
 */
export function deadLetterOf(entry: Entry, failure: Failure, bodies: BodySource, now: number): AddDraft | undefined {
  const { deadLetter, deadLetterOf: isLetter, tags } = entry.extra ?? {};
  if (deadLetter === undefined || isLetter || failure.reason === 'cancelled') return undefined;
  const origin = { id: entry.id, type: entry.type, reason: failure.reason };
  return {
    op: 'add',
    job: { id: newJobId(now), type: deadLetter, ...JOB_DEFAULTS, ...(tags && { tags }), deadLetterOf: origin },
    body: bodyOf(entry, failure, bodies),
  };
}

/** The text of {@link DeadLetterData}, made around the text of the job's own data. */
function bodyOf(entry: Entry, { reason, error }: Failure, bodies: BodySource): string {
  const { id, type, ...options } = optionsOf(entry);
  const rest = JSON.stringify({ ...options, created: isoOf(entry.created) });
  const head = JSON.stringify({ id, type });
  const original = `${head.slice(0, -1)},"data":${readable(entry, bodies)},${rest.slice(1)}`;
  const end = JSON.stringify({ reason, attempts: entry.attempt, error: error ?? entry.run?.errors?.at(-1) });
  return `{"original":${original},${end.slice(1)}`;
}

/** What it was added with, apart from times, which are over. */
function optionsOf(entry: Entry): Partial<JobHead> & Pick<JobHead, 'id' | 'type'> {
  const { status: _s, created: _c, updated: _u, rev: _r, attempt: _a, retries: _t, run: _n, ...head } = headOf(entry);
  const { runAt: _at, expiresAt: _until, agedAt: _g, order: _o, ...rest } = head;
  const { children: _h, waitingFor: _w, waitingSince: _i, parentFailed: _p, absorbed: _b, ...options } = rest;
  return options;
}

/** A job that fails because its data cannot be read leaves a letter without it. */
function readable(entry: Entry, bodies: BodySource): string {
  try {
    return dataOf(entry, bodies);
  } catch {
    return 'null';
  }
}

/** The job that a letter is of, as it can be added again. A person may have changed the letter: it is not checked here. */
export function originalOf(body: string): JobSpec {
  const { created: _created, ...spec } = ((JSON.parse(body) as Partial<DeadLetterData> | null)?.original ?? {}) as {
    [name: string]: Json;
  };
  return spec as unknown as JobSpec;
}
