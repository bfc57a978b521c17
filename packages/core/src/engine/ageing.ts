/** What time does to the priorities of jobs that wait for their turn, where somebody asked for it. */
import type { Clock } from '../clock';
import { type Alarms, RETRY_INTERVAL, SLICE_INTERVAL } from './alarms';
import type { Committer } from './committer';
import type { Entry } from './entry';
import type { RecordDraft } from './records';
import { nextStepOf } from './wait-index';

/** Jobs that one turn of the event loop deals with: a few ms. */
const SLICE = 1_000;

/** What ageing works with. */
export interface AgeingScope {
  committer: Committer;
  clock: Clock;
  alarms: Alarms;
  /** Has what is due run. */
  wake(): void;
  onError(error: unknown): void;
}

/** Nobody waits for it: while many jobs are due, others start in their old order between two slices. */
export class Ageing {
  private isResting: boolean;

  /** @param isHeld Nothing is done before {@link Ageing.start}. */
  constructor(
    private readonly scope: AgeingScope,
    isHeld: boolean,
  ) {
    this.isResting = isHeld;
  }

  /** From now on jobs age; again is harmless. */
  start(): void {
    this.isResting = false;
    this.scope.wake();
  }

  /** Whether something is due, and may be done in this turn. */
  get isDue(): boolean {
    const { nextStep } = this.scope.committer.table.waits;
    return nextStep !== undefined && !this.isResting && nextStep <= this.scope.clock.now();
  }

  /** Records what is due, or a slice of it. Does not throw: jobs start all the same. */
  run(): void {
    if (!this.isDue) return;
    const { committer, clock, onError } = this.scope;
    const now = clock.now();
    const aged = committer.table.waits.aged(now, SLICE);
    try {
      committer.commitUnasked(aged.map((entry) => step(entry, now)));
      // An edit puts one that had a time to wait for back among those that wait for it.
      committer.table.promoteDue(now);
      if (this.isDue) this.rest(SLICE_INTERVAL);
    } catch (error) {
      this.rest(RETRY_INTERVAL);
      onError(error);
    }
  }

  /** Sets the alarm for the next step. */
  arm(): void {
    const { alarms, committer, wake } = this.scope;
    alarms.at('ageing', this.isResting ? undefined : committer.table.waits.nextStep, wake);
  }

  private rest(ms: number): void {
    this.isResting = true;
    this.scope.alarms.after('ageing-rest', ms, () => this.start());
  }
}

/** All steps that are due are one record: after hours that nobody had the store open there may be several. */
function step(entry: Entry, now: number): RecordDraft {
  const { id, priority } = entry;
  const ageing = entry.extra?.ageing as number;
  const first = nextStepOf(entry);
  const steps = Math.min(1 + Math.floor((now - first) / ageing), priority - 1);
  const patch = { priority: priority - steps, agedAt: first + (steps - 1) * ageing };
  return { op: 'edit', id, patch, body: '', by: 'ageing' };
}
