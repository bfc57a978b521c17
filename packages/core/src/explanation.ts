/**
 * Why a job waits, or ended as it did.
 *
 * @module
 */
import type { FailureReason, JobStatus } from './job';

/** Why a job waits, or ended as it did. */
export type Cause =
  /** So many run before it. `betterAt`: when its priority becomes better, if it ages and is not the next: ISO 8601, UTC. */
  | { code: 'ready'; ahead: number; betterAt?: string }
  | {
      code: 'scheduled' /** ISO 8601. */;
      runAt: string /** The wait is the backoff after a failed attempt. */;
      backoff: boolean;
    }
  | { code: 'paused' /** The paused type; left out when everything is paused. */; type?: string }
  | { code: 'blocked' /** Jobs that have not completed yet. */; by: { id: string; status: JobStatus | 'missing' }[] }
  | { code: 'held' /** When its process died: ISO 8601. */; since: string }
  | {
      code: 'limit';
      limit: string /** How many run, how many start in a time, or that those before it have to end first. */;
      by: 'concurrency' | 'rate' | 'order';
      group?: string /** When the next one may start: ISO 8601; left out: when one ends. */;
      until?: string;
    }
  | { code: 'pool'; pool: string; needs: number; capacity: number; inUse: number }
  | { code: 'gate'; gate: string /** Parts of sentences. */; because: string[] }
  | { code: 'window'; window: string /** When it opens: ISO 8601. */; until?: string }
  | { code: 'no-worker' /** No connected worker takes this type. */; type: string }
  | { code: 'running'; worker: string; since: string; cancelling: boolean; stuck: boolean }
  | { code: 'completed'; at: string /** Without having run, as its `onParentFailed` says. */; skipped?: true }
  | { code: 'failed'; at: string; reason: FailureReason; message: string };

/** Answer to "why does this job not run?", as data and as a sentence. */
export interface Explanation {
  id: string;
  status: JobStatus;
  /** Every cause that holds now: all of them must go before a pending job runs. */
  causes: Cause[];
  sentence: string;
}
