import type { EventKind } from '../store';

/** Kinds of events that a recorded change makes, each under a number of its own. */
export const RECORDED_KINDS: readonly EventKind[] = [
  'added',
  'started',
  'completed',
  'failed',
  'retrying',
  'released',
  'crashed',
  'cancelling',
  'edited',
  'removed',
];
