/**
 * The vocabulary of what happened to the jobs of a recording.
 *
 * @module
 */
import type { ClaimRequest } from '@leviathan/core';
import type { LedgerEntry } from '../support/ledger';
import type { Seen, SeenText } from './seen';

/** One change of one job. */
export interface Step {
  job: string;
  /** What the job is afterwards; null: it is not there. */
  after: SeenText | null;
  /** That, as its file shows it to a store that does not know the job: nobody runs it. */
  adopted: SeenText | null;
  /** It has an outcome. */
  isFinished: boolean;
  what: string;
  /** It may have happened in states with more operations than this. */
  begun: number;
  /** Somebody was told in states with at least so many. */
  told: number;
  /** Not even a power cut takes it in states with so many. Never, for a start: its worker is told before. */
  firm: number;
  /** Calls of one group were under way together; each group came after those before. */
  group: number;
  /** Steps of one batch happen together or not at all. */
  batch: number;
  /** A wish in files, which nobody answers: it may come true at any time, or not. */
  isWish: boolean;
  /** Known not to have happened, from so many operations on. */
  voidFrom: number;
}

/** A file that another program dropped into the inbox. */
export interface Drop {
  name: string;
  content: string;
  /** The id that the job gets. */
  id: string;
  renamedAt: number;
  /** Its content and its name were synced. */
  safeAt: number;
}

/** Everything that is known of a recording. */
export interface History {
  steps: Step[];
  /** Jobs that may leave for the archive when they are finished. */
  mayArchive: boolean;
  /** Files in the inbox with the id of a job that is there: should that be lost, they are taken in its place. */
  twins: { job: string; seen: SeenText; begun: number }[];
}

export const NEVER = Number.POSITIVE_INFINITY;

/** The name under which a pause is kept. */
export function pauseId(type: string | undefined): string {
  return `(pause ${type ?? 'all'})`;
}

/** The name under which it is kept that there is a schedule. */
export function scheduleId(name: string): string {
  return `(schedule ${name})`;
}

/** A job as it is by now. */
export interface Running {
  seen: Seen;
  maxAttempts: number;
  store: number;
  worker?: string | undefined;
}

/** A claim that waits gets jobs that were not there when it was made. */
export function momentOf({ call, args, askedAt, answeredAt }: LedgerEntry): number {
  return call === 'claim' && (args[0] as ClaimRequest).wait ? (answeredAt ?? NEVER) : askedAt;
}
