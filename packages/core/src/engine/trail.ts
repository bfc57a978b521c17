/**
 * The life of one job, told from the records of the store.
 *
 * @module
 */
import type { JobStatus, Json } from '../job';
import type { Trail, TrailEntry } from '../trail';
import { idOf, type Past } from './past';
import type { EditPatch, RestoredHead, StoreRecord } from './records';
import { isoOf } from './time';
import { type JobOp, TRANSITIONS } from './transitions';

type JobRecord = Extract<StoreRecord, { op: JobOp }>;

/** Reads all that is kept about a job. */
export async function readTrail(past: Past, id: string): Promise<Trail> {
  const teller = new Teller();
  const entries: TrailEntry[] = [];
  let since: Trail['since'] = null;
  // Everything is asked for until it is known where the record begins.
  for await (const records of past.records(0)) {
    const [first] = records;
    if (!first) continue;
    since = { seq: first.seq, at: isoOf(first.at) };
    break;
  }
  for await (const records of past.records(0, new Set([id]))) {
    for (const record of records) if (idOf(record) === id) entries.push(teller.tell(record as JobRecord));
  }
  return { id, entries, complete: entries[0]?.op === 'add', since };
}

/** Fields of a job that changes alter, as far as they are known. */
type Known = Record<string, Json | null>;

/** Follows a job from record to record. */
class Teller {
  private status: JobStatus | undefined;
  private attempt: number | undefined;
  private worker: string | undefined;
  private known: Known = {};

  tell(record: JobRecord): TrailEntry {
    const { seq, at, op, operation } = record;
    const from = this.statusBefore(op);
    const changes = this.follow(record);
    const entry: TrailEntry = { seq, at: isoOf(at), op };
    if (from !== undefined) entry.from = from;
    if (op !== 'remove' && this.status !== undefined) entry.to = this.status;
    if (this.attempt) entry.attempt = this.attempt;
    if (this.worker !== undefined && OF_AN_ATTEMPT.has(op)) entry.worker = this.worker;
    if ('by' in record && record.by !== undefined) entry.by = record.by;
    if (operation !== undefined) entry.operation = operation;
    if (record.op === 'fail') entry.reason = record.reason;
    if (record.op === 'restore' && record.job.reason) entry.reason = record.job.reason;
    if (record.op === 'retry') entry.cause = record.cause;
    if (record.op === 'remove') entry.cause = record.why;
    if ('error' in record && record.error) entry.error = record.error;
    if (record.op === 'report' && record.progress !== undefined) entry.progress = record.progress;
    if (changes) entry.changes = changes;
    this.after(record);
    return entry;
  }

  /** What is kept may begin in the middle of its life: then the kind of the record tells, if only one status allows it. */
  private statusBefore(op: JobOp): JobStatus | undefined {
    if (op === 'add') return undefined;
    const { from } = TRANSITIONS[op];
    this.status ??= from.length === 1 ? from[0] : undefined;
    return this.status;
  }

  private follow(record: JobRecord): TrailEntry['changes'] {
    switch (record.op) {
      case 'add':
        this.status = record.job.status ?? 'pending';
        this.attempt = record.job.attempt ?? 0;
        this.worker = record.job.run?.worker;
        this.known = { ...fieldsOf({ order: record.seq, ...record.job }), data: JSON.parse(record.body) };
        return undefined;
      case 'start':
        if (this.attempt !== undefined) this.attempt++;
        this.worker = record.worker;
        this.known.runAt = null;
        break;
      case 'retry':
      case 'release':
        this.known.runAt = timeOf(record.runAt ?? null);
        break;
      case 'fail':
        this.known.runAt = null;
        this.attempt ??= record.error?.attempt;
        break;
      case 'edit':
        return this.change(patchOf(record.patch), record.body);
      case 'restore':
        this.status = record.job.status;
        this.attempt = record.job.attempt ?? 0;
        return this.change(fieldsOf(record.job), record.body);
    }
    const { to } = TRANSITIONS[record.op];
    if (typeof to === 'string') this.status = to;
    return undefined;
  }

  /** The record itself belongs to the attempt before. */
  private after(record: JobRecord): void {
    if ((record.op === 'release' || record.op === 'await') && this.attempt !== undefined) this.attempt--;
    if (record.op === 'retry' && record.cause === 'manual') this.attempt = 0;
    if (record.op === 'remove') Object.assign(this, { status: undefined, attempt: undefined, worker: undefined });
  }

  private change(fields: Known, body: string): NonNullable<TrailEntry['changes']> {
    const wanted = body === '' ? fields : { ...fields, data: JSON.parse(body) as Json };
    const changes: NonNullable<TrailEntry['changes']> = {};
    for (const [name, to] of Object.entries(wanted)) {
      const from = this.known[name];
      if (JSON.stringify(from) !== JSON.stringify(to)) changes[name] = from === undefined ? { to } : { from, to };
    }
    Object.assign(this.known, wanted);
    return changes;
  }
}

/** Records of an attempt, or of its end. */
const OF_AN_ATTEMPT = new Set<JobOp>([
  'start',
  'complete',
  'retry',
  'fail',
  'release',
  'await',
  'report',
  'checkpoint',
  'step',
  'cancel',
  'refuse',
]);

function fieldsOf(head: Omit<RestoredHead, 'status'>): Known {
  const { priority, order, maxAttempts, runAt, timeout, backoff, tags } = head;
  const given = { timeout: timeout ?? null, backoff: (backoff ?? null) as Json, tags: tags ?? null };
  return { priority, order, maxAttempts, runAt: timeOf(runAt ?? null), ...given };
}

/** What ageing counts from is of no account to who reads of its steps. */
function patchOf({ runAt, tags, agedAt: _, ...rest }: EditPatch): Known {
  return {
    ...(rest as Known),
    ...(runAt !== undefined && { runAt: timeOf(runAt) }),
    ...(tags && { tags: tags.length > 0 ? tags : null }),
  };
}

function timeOf(at: number | null): string | null {
  return at === null || at === 0 ? null : isoOf(at);
}
