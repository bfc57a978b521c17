/** Claims: answered at once when there is work, parked until there is otherwise. */
import { StoreClosedError } from '../errors';
import type { ClaimedJob, ClaimRequest } from '../store';
import type { Committer } from './committer';
import { pickReady } from './decide-claim';
import { type BodySource, jobOf } from './entry';
import type { RecordDraft } from './records';

interface Waiter {
  request: ClaimRequest;
  resolve: (jobs: ClaimedJob[]) => void;
  reject: (error: unknown) => void;
}

/** Hands ready jobs to workers, first come first served. */
export class ClaimDesk {
  private readonly waiters = new Set<Waiter>();
  /** What each worker last asked for: the types it runs, or any. */
  private readonly workers = new Map<string, Record<string, number> | undefined>();
  private serving = false;

  constructor(
    private readonly committer: Committer,
    private readonly bodies: BodySource,
  ) {}

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

  /** @throws StoreWriteError when the start could not be recorded */
  claim(request: ClaimRequest, signal: AbortSignal | undefined): Promise<ClaimedJob[]> | ClaimedJob[] {
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

  private start(request: ClaimRequest): ClaimedJob[] {
    const { table } = this.committer;
    const picked = pickReady(table, request.limit, request.types);
    if (picked.length === 0) return [];
    // Each start is a record of its own: losing one to a torn tail must not lose its neighbours. Acknowledged when written, not when
    // flushed: a power cut that forgets the start of an attempt forgets nothing that anybody was told.
    const { worker } = request;
    const starts = picked.map(({ id }): RecordDraft => ({ seq: 0, at: 0, op: 'start', id, worker }));
    this.committer.commit(starts, { lazy: true });
    return picked.map((entry) => ({ job: jobOf(entry, this.bodies), token: String(entry.run?.token) }));
  }
}
