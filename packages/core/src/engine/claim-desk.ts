/** Claims: answered at once when there is work, parked until there is otherwise. */

import { backoffDelay, DEFAULT_BACKOFF } from '../backoff';
import { StoreClosedError, ValidationError } from '../errors';
import type { JobError } from '../job';
import type { ClaimedJob, ClaimRequest } from '../store';
import type { Committer } from './committer';
import { pickReady } from './decide-claim';
import type { BodySource, Entry } from './entry';
import { readySince } from './history';
import { dataOf, jobOf } from './job-of';
import type { RecordDraft } from './records';
import { isoOf } from './time';

interface Waiter {
  request: ClaimRequest;
  resolve: (jobs: ClaimedJob[]) => void;
  reject: (error: unknown) => void;
}

/** How long (ms) a job waits whose data cannot be read for the moment. */
const UNREADABLE_MS = 5_000;
/** So often a claim looks for jobs that can be read. */
const ROUNDS = 10;

/** Hands ready jobs to workers, first come first served. */
export class ClaimDesk {
  private readonly waiters = new Set<Waiter>();
  /** What each worker last asked for: the types it runs, or any. */
  private readonly workers = new Map<string, Record<string, number> | undefined>();
  private serving = false;

  constructor(
    private readonly committer: Committer,
    private readonly bodies: BodySource,
    private readonly now: () => number,
  ) {}

  /** The workers that asked for jobs and did not leave since. */
  get known(): Iterable<string> {
    return this.workers.keys();
  }

  /** Whether some worker takes this type. */
  hasWorker(type: string): boolean {
    for (const types of this.workers.values()) if (!types || Object.hasOwn(types, type)) return true;
    return false;
  }

  /** The types that workers asked for; `any` when one of them takes whatever comes. */
  claimedTypes(): string[] | 'any' {
    const types = new Set<string>();
    for (const wanted of this.workers.values()) {
      if (!wanted) return 'any';
      for (const type of Object.keys(wanted)) types.add(type);
    }
    return [...types];
  }

  /** Forgets a worker that left. */
  forget(worker: string): void {
    this.workers.delete(worker);
  }

  /** @throws ValidationError; StoreWriteError when the start could not be recorded */
  claim(request: ClaimRequest, signal: AbortSignal | undefined): Promise<ClaimedJob[]> | ClaimedJob[] {
    assertValid(request);
    this.workers.set(request.worker, request.types);
    if (signal?.aborted) return [];
    if (!request.wait) return this.start(request);
    // Whoever waits already was here first.
    const jobs = this.waiters.size === 0 ? this.start(request) : [];
    if (jobs.length > 0) return jobs;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.waiters.delete(waiter);
        signal?.removeEventListener('abort', abort);
      };
      const abort = (): void => waiter.resolve([]);
      const waiter: Waiter = {
        request,
        resolve: (claimed) => {
          leave();
          resolve(claimed);
        },
        reject: (error) => {
          leave();
          reject(error);
        },
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.waiters.add(waiter);
      try {
        this.serve();
      } catch (error) {
        // Who was told of a failure waits no longer: jobs that are given to it later would be run by nobody.
        waiter.reject(error);
      }
    });
  }

  /** Gives ready jobs to those who wait. @throws StoreWriteError: they go on waiting */
  serve(): void {
    // A start is a commit, and after each commit those who wait are looked at: one that is just being served still stands among them,
    // and what it was given a second time would be run by nobody.
    if (this.serving || this.waiters.size === 0 || this.committer.table.counts.total.ready === 0) return;
    this.serving = true;
    try {
      for (const waiter of this.waiters) {
        const jobs = this.start(waiter.request);
        if (jobs.length > 0) waiter.resolve(jobs);
      }
    } finally {
      this.serving = false;
    }
  }

  close(): void {
    for (const waiter of this.waiters) waiter.reject(new StoreClosedError());
  }

  /** A job whose data cannot be read does not stand in the way of those behind it; but where none can be read, there is no use in going on. */
  private start(request: ClaimRequest): ClaimedJob[] {
    for (let round = 0; round < ROUNDS; round++) {
      const picked = pickReady(this.committer.table, request.limit, request.types, this.now());
      const jobs = picked.length > 0 ? this.startAll(picked, request) : [];
      if (jobs.length > 0 || picked.length === 0) return jobs;
    }
    return [];
  }

  private startAll(picked: Entry[], request: ClaimRequest): ClaimedJob[] {
    // Each start is a record of its own: losing one to a torn tail must not lose its neighbours. Acknowledged when written, not when
    // flushed: a power cut that forgets the start of an attempt forgets nothing that anybody was told.
    const { worker, timed } = request;
    const drafts: RecordDraft[] = [];
    const started: { entry: Entry; data: string; since: number | undefined }[] = [];
    for (const entry of picked) {
      const start: RecordDraft = { seq: 0, at: 0, op: 'start', id: entry.id, worker };
      try {
        // Read before it starts: a job that is started and handed to nobody would be active for ever.
        const since = timed ? readySince(entry, (id) => this.committer.table.entries.get(id)) : undefined;
        started.push({ entry, data: dataOf(entry, this.bodies), since });
        drafts.push(start);
      } catch (error) {
        drafts.push(...setAside(entry, start, error as Error, this.now()));
      }
    }
    this.committer.commit(drafts, { lazy: true, entries: picked });
    return started.map(({ entry, data, since }) => {
      const claimed: ClaimedJob = { job: jobOf(entry, { read: () => data }), token: String(entry.run?.token) };
      if (since !== undefined) claimed.waited = Math.max(0, entry.updated - since);
      return claimed;
    });
  }
}

/**
 * What to do with a job whose data cannot be read. While a system call fails it waits, and is not blamed. When the disk answers that the
 * data is not there, the attempt has failed before it began: in the end the job is failed, with that cause.
 */
function setAside(entry: Entry, start: RecordDraft, fault: Error, now: number): RecordDraft[] {
  const { id, maxAttempts, extra } = entry;
  if (fault.cause !== undefined)
    return [{ op: 'edit', id, patch: { runAt: now + UNREADABLE_MS }, body: '', by: 'store' }];
  const attempt = entry.attempt + 1;
  const { name, message, code } = fault as Error & { code?: string };
  const error: JobError = { at: isoOf(now), attempt, name, message, ...(code !== undefined && { code }) };
  const runAt = Math.ceil(now + backoffDelay(extra?.backoff ?? DEFAULT_BACKOFF, attempt));
  // Its first start may be this one.
  const retryUntil = entry.run?.retryUntil ?? now + (extra?.retryFor ?? Number.POSITIVE_INFINITY);
  if (attempt - (entry.run?.crashes ?? 0) >= maxAttempts || runAt > retryUntil)
    return [start, { op: 'fail', id, reason: 'error', error }];
  return [start, { op: 'retry', id, cause: 'failed', error, runAt }];
}

function assertValid({ worker, limit }: ClaimRequest): void {
  const fail = (path: string, message: string): never => {
    throw new ValidationError('The claim', [{ path: [path], message }]);
  };
  if (typeof worker !== 'string' || worker === '') fail('worker', 'must be a text');
  if (!Number.isInteger(limit) || limit < 1) fail('limit', 'must be a positive integer');
}
