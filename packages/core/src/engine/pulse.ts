/**
 * What follows each commit, and what time brings by itself: jobs become ready, age and are handed out, what has expired fails, schedules fire,
 * and the alarms are set for what comes next.
 *
 * @module
 */
import type { Clock } from '../clock';
import { Ageing } from './ageing';
import { type Alarms, RETRY_INTERVAL, SLICE_INTERVAL } from './alarms';
import type { ClaimDesk } from './claim-desk';
import type { Committer } from './committer';
import { Deadlines } from './deadlines';
import type { ScheduleDesk } from './schedule-desk';
import type { Sweeper } from './sweeper';

/** What it drives. */
export interface PulseOptions {
  committer: Committer;
  clock: Clock;
  alarms: Alarms;
  claims: ClaimDesk;
  schedules: ScheduleDesk;
  sweeper: Sweeper;
  onError: (error: unknown) => void;
  isClosed: () => boolean;
}

/** See the module. */
export class Pulse {
  private serving = false;
  /** What was due could not be written the last time. */
  private isStuck = false;

  private readonly deadlines: Deadlines;
  private readonly ageing: Ageing;
  private readonly ring = (): void => this.wake();

  /** @param isRecovered What a person did to the jobs while no program had the store open is not known yet: until {@link Pulse.startAgeing} */
  constructor(
    private readonly options: PulseOptions,
    isRecovered: boolean,
  ) {
    const { committer, clock, alarms, onError } = options;
    this.deadlines = new Deadlines(committer, () => clock.now());
    this.ageing = new Ageing({ committer, clock, alarms, onError, wake: this.ring }, isRecovered);
  }

  /** Whether there is more that has expired than one turn could deal with. */
  get isBehind(): boolean {
    return this.deadlines.isDue && !this.isStuck;
  }

  /** After each commit: hands out what became ready, and sets the next alarms. @param isMade The whole store is made, and may write. */
  wake(isMade = true): void {
    const { committer, clock, alarms, claims, schedules, sweeper, onError, isClosed } = this.options;
    if (this.serving || isClosed()) return;
    this.serving = true;
    const { table } = committer;
    try {
      const now = clock.now();
      table.promoteDue(now);
      table.admission.elapse(now);
      if (isMade) {
        this.deadlines.run();
        this.ageing.run();
      }
      this.isStuck = false;
      if (!this.deadlines.isDue) claims.serve();
    } catch (error) {
      // The starts could not be written: those who wait go on waiting.
      this.isStuck = true;
      onError(error);
      alarms.after('retry', RETRY_INTERVAL, this.ring);
    } finally {
      this.serving = false;
    }
    this.armSchedule();
    schedules.follow();
    if (table.dependencies.hasWork) {
      const wait = committer.isStuck ? RETRY_INTERVAL : SLICE_INTERVAL;
      alarms.after('cascade', wait, () => this.settleOrphans());
    }
    sweeper.arm();
  }

  /** Readers must see what is due now. */
  followClock(): void {
    const { committer, clock, schedules } = this.options;
    if (this.deadlines.isDue) this.wake();
    if (committer.table.promoteDue(clock.now())) this.armSchedule();
    if (this.ageing.isDue) this.wake();
    schedules.follow();
  }

  /** From now on jobs age: those that were recovered are as a person wants them. */
  startAgeing(): void {
    this.ageing.start();
  }

  /** Ends jobs that a lost parent keeps from ever running, where the last commit left off: it had many, could not write, or a crash came. */
  settleOrphans(): void {
    const { committer, onError } = this.options;
    try {
      committer.commitUnasked([]);
    } catch (error) {
      onError(error);
    }
  }

  /** What held jobs back may open by itself. */
  armAdmission(): void {
    const { committer, alarms } = this.options;
    alarms.at('admission', committer.table.admission.opensAt, this.ring);
  }

  private armSchedule(): void {
    const { committer, alarms } = this.options;
    const { scheduled, waits } = committer.table;
    alarms.at('schedule', scheduled.minKey()?.runAt, this.ring);
    this.armAdmission();
    this.ageing.arm();
    if (this.isStuck) return;
    if (this.deadlines.isDue) alarms.after('deadlines-more', SLICE_INTERVAL, this.ring);
    else alarms.at('deadlines', waits.next, this.ring);
  }
}
