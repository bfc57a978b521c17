/**
 * What a store tells of its changes, and how one listens.
 *
 * @module
 */
import type { DefinitionKind } from './definition';
import type { FailureReason, JobLog, JobStatus, Json } from './job';

/** Kinds of change events. */
export const EVENT_KINDS = [
  'added',
  'started',
  'progress',
  'log',
  'checkpoint',
  'step',
  'completed',
  'failed',
  'retrying',
  'released',
  'waiting',
  'crashed',
  'cancelling',
  'stuck',
  'edited',
  'removed',
  'refused',
  'paused',
  'resumed',
  'defined',
  'drained',
  'reset',
] as const;

/** One of {@link EVENT_KINDS}. */
export type EventKind = (typeof EVENT_KINDS)[number];

/**
 * One change. `seq` never goes back; progress and log lines carry the number of the last recorded change.
 *
 * - `retrying`: back to pending after a failed attempt, or by hand; `crashed`: back to pending because its process died.
 * - `waiting`: back to pending until jobs that its handler added have ended.
 * - `refused`: a late or foreign settlement was turned away.
 * - `defined`: a definition was set or removed.
 * - `drained`: the last pending or active job ended.
 * - `reset`: events are missing (the position was too old, or a client fell behind): read the state again.
 */
export interface StoreEvent {
  seq: number;
  /** ISO 8601, UTC. */
  at: string;
  kind: EventKind;
  /** Left out for events about the store as a whole. */
  id?: string;
  type?: string;
  /** The job's status after the event. */
  status?: JobStatus;
  rev?: number;
  attempt?: number;
  worker?: string;
  progress?: number;
  detail?: Json;
  logs?: JobLog[];
  /** Name of the step that was done. */
  step?: string;
  reason?: FailureReason;
  /** The job completed without having run, as its `onParentFailed` says. */
  skipped?: true;
  /** Message of the error of a failed attempt. */
  error?: string;
  /** When a retrying job, or one that was put off, runs next: ISO 8601. */
  runAt?: string;
  /** What was defined. */
  definition?: { kind: DefinitionKind; name: string; removed?: true };
}

/** Which events. Conditions add up; left out: all. */
export interface SubscribeOptions {
  /** Events after this sequence number; left out: from now on. */
  since?: number;
  kinds?: EventKind[];
  types?: string[];
  ids?: string[];
  worker?: string;
}

/** A live subscription. */
export interface Subscription {
  /** The position at which it starts: state read after `subscribe` resolved includes everything up to here. */
  readonly seq: number;
  /** Tells nothing more; again is harmless. */
  close(): Promise<void>;
}
