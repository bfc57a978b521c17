/** Schedules: fires the slots whose time has come, whoever's program the store is open in. */
import type { Clock } from '../clock';
import { dueSlots, nextSlot } from '../schedule/due';
import type { ScheduleValue } from '../schedule/schedule';
import { type SlotTimes, slotTimes } from '../schedule/slot-times';
import type { Alarms } from './alarms';
import type { Committer } from './committer';
import { type DueSlot, decideFire } from './decide-fire';
import type { StoredDefinition } from './definition-table';
import type { BodySource } from './entry';
import type { RecordDraft } from './records';
import type { StoredSchedule } from './schedule-table';

/** What could not be written is tried again so much (ms) later. */
const RETRY_MS = 1_000;
/** While the clock may turn out to have been ahead, it is looked at so often (ms): a timer that was set by it would not ring. */
const LOOK_MS = 60_000;

/** What it works with. */
export interface ScheduleDeskOptions {
  committer: Committer;
  clock: Clock;
  alarms: Alarms;
  /** Texts of jobs that are not in memory. */
  bodies: BodySource;
  maxBytes: number;
  onError: (error: unknown) => void;
}

/** What is known of one schedule, as long as it and its state are the same. */
interface Plan {
  definition: StoredDefinition;
  state: StoredSchedule | undefined;
  /** Its next slot; infinite: none. */
  next: number;
}

/** See the file. */
export class ScheduleDesk {
  private readonly plans = new Map<string, Plan>();
  /** When the slots of each schedule come; `undefined` for one that this version does not understand. */
  private readonly timings = new WeakMap<StoredDefinition, { times: SlotTimes | undefined }>();
  /** What the table and the clock were when it last looked, and the next slot of all. */
  private seen = { version: 0, at: Number.NEGATIVE_INFINITY, next: Number.POSITIVE_INFINITY };
  private isBusy = false;

  /** @param isWaiting until {@link ScheduleDesk.start} is called: what a person did to the schedules meanwhile is not known yet */
  constructor(
    private readonly options: ScheduleDeskOptions,
    private isWaiting: boolean,
  ) {}

  start(): void {
    this.isWaiting = false;
    this.follow();
  }

  /** Fires what is due, and sets the alarm for the next slot. Costs next to nothing as long as nothing changed and nothing is due. */
  follow(): void {
    const { schedules } = this.options.committer.table;
    if (this.isWaiting || this.isBusy || (schedules.size === 0 && schedules.version === this.seen.version)) return;
    const now = this.options.clock.now();
    const { version, at, next } = this.seen;
    if (schedules.version === version && now >= at && now < next) return;
    // The clock was set back: what comes next may be something else.
    if (now < at) this.plans.clear();
    this.isBusy = true;
    try {
      this.arm(now, this.fireAll(now));
    } catch (error) {
      this.options.onError(error);
      this.options.alarms.after('fire-retry', RETRY_MS, () => this.follow());
    } finally {
      this.isBusy = false;
    }
  }

  /** @returns the next slot of all */
  private fireAll(now: number): number {
    const { definitions } = this.options.committer.table;
    const all = definitions.of('schedule');
    let next = Number.POSITIVE_INFINITY;
    for (const definition of all) next = Math.min(next, this.fireOne(definition, now));
    if (this.plans.size > all.length)
      for (const name of this.plans.keys()) if (!definitions.get('schedule', name)) this.plans.delete(name);
    return next;
  }

  private fireOne(definition: StoredDefinition, now: number): number {
    const { schedules } = this.options.committer.table;
    const { name } = definition;
    const known = this.plans.get(name);
    if (known?.definition === definition && known.state === schedules.get(name) && now < known.next) return known.next;
    const { paused, limit } = definition.value as unknown as ScheduleValue;
    const times = paused ? undefined : this.timesOf(definition);
    if (times) this.fireDue(definition, times, now);
    const state = schedules.get(name);
    const slot = times && state && nextSlot(times, state, limit, now);
    const next = slot ?? Number.POSITIVE_INFINITY;
    this.plans.set(name, { definition, state, next });
    return next;
  }

  private fireDue(definition: StoredDefinition, times: SlotTimes, now: number): void {
    const { name, value } = definition;
    const state = this.options.committer.table.schedules.get(name);
    const due = state && dueSlots(times, state, value as unknown as ScheduleValue, now);
    if (!due) return;
    const { fire, missed, ...passed } = due;
    if (missed !== undefined) this.commit([{ op: 'fire', schedule: name, slot: missed, ...passed, skipped: 'missed' }]);
    // Each is decided on what the one before it left behind.
    for (const [i, slot] of fire.entries()) {
      this.commit(this.recordsOf(definition, { slot, ...(i === 0 && passed) }, now));
    }
  }

  private recordsOf(definition: StoredDefinition, due: DueSlot, now: number): RecordDraft[] {
    const { committer, bodies, maxBytes, onError } = this.options;
    try {
      return decideFire(committer.table, definition, due, { bodies, now, maxBytes });
    } catch (error) {
      // It was valid when it was set, by another version or other limits. It must not hold up the others, nor come again and again.
      onError(error);
      return [{ op: 'fire', schedule: definition.name, ...due, skipped: 'invalid' }];
    }
  }

  /** Nobody waits: a slot that a power cut makes forgotten, with its job, fires when the store opens. */
  private commit(records: RecordDraft[]): void {
    this.options.committer.commitUnasked([records]);
  }

  private arm(now: number, next: number): void {
    const { alarms, committer } = this.options;
    this.seen = { version: committer.table.schedules.version, at: now, next };
    alarms.at('slots', Number.isFinite(next) ? next : undefined, () => this.follow());
    this.watchClock();
  }

  /** An alarm is set by what the clock said then: nobody else notices that it was set back. */
  private watchClock(): void {
    if (![...this.plans.values()].some(({ state }) => state?.gaps)) return;
    this.options.alarms.after('slots-look', LOOK_MS, () => {
      this.follow();
      this.watchClock();
    });
  }

  private timesOf(definition: StoredDefinition): SlotTimes | undefined {
    const known = this.timings.get(definition);
    if (known) return known.times;
    let times: SlotTimes | undefined;
    try {
      times = slotTimes(definition.value as unknown as ScheduleValue, definition.created);
    } catch (error) {
      this.options.onError(error);
    }
    this.timings.set(definition, { times });
    return times;
  }
}
