/** Schedules: fires the slots whose time has come, whoever's program the store is open in. */
import type { Clock } from '../clock';
import { dueSlots, nextSlot } from '../schedule/due';
import type { ScheduleValue } from '../schedule/schedule';
import { type SlotTimes, slotTimes } from '../schedule/slot-times';
import type { Alarms } from './alarms';
import type { Committer } from './committer';
import { decideFire } from './decide-fire';
import type { StoredDefinition } from './definition-table';
import type { RecordDraft } from './records';

/** What could not be written is tried again so much (ms) later. */
const RETRY_MS = 1_000;
/** While the clock may turn out to have been ahead, it is looked at so often (ms): a timer that was set by it would not ring. */
const LOOK_MS = 60_000;

/** What it works with. */
export interface ScheduleDeskOptions {
  committer: Committer;
  clock: Clock;
  alarms: Alarms;
  maxBytes: number;
  onError: (error: unknown) => void;
}

/** See the file. */
export class ScheduleDesk {
  /** When the slots of each schedule come; `undefined` for one that this version does not understand. */
  private readonly timings = new WeakMap<StoredDefinition, { times: SlotTimes | undefined }>();
  /** What the table and the clock were when it last looked, and the next slot that it found. */
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
    this.isBusy = true;
    try {
      this.fireAll(now);
      this.arm(now);
    } catch (error) {
      this.options.onError(error);
      this.options.alarms.after('fire-retry', RETRY_MS, () => this.follow());
    } finally {
      this.isBusy = false;
    }
  }

  private fireAll(now: number): void {
    const { definitions, schedules } = this.options.committer.table;
    for (const definition of definitions.of('schedule')) {
      const times = this.timesOf(definition);
      const state = schedules.get(definition.name);
      const value = definition.value as unknown as ScheduleValue;
      const due = times && state && !value.paused ? dueSlots(times, state, value, now) : undefined;
      if (!due) continue;
      const { fire, missed, ...passed } = due;
      if (missed !== undefined)
        this.commit([{ op: 'fire', schedule: definition.name, slot: missed, ...passed, skipped: 'missed' }]);
      // Each is decided on what the one before it left behind.
      for (const [i, slot] of fire.entries())
        this.commit(this.recordsOf(definition, { slot, ...(i === 0 && passed) }, now));
    }
  }

  private recordsOf(definition: StoredDefinition, due: { slot: number; from?: number }, now: number): RecordDraft[] {
    const { committer, maxBytes, onError } = this.options;
    try {
      return decideFire(committer.table, definition, due, { now, maxBytes });
    } catch (error) {
      // It was valid when it was set, by another version or other limits. It must not hold up the others, nor come again and again.
      onError(error);
      return [{ op: 'fire', schedule: definition.name, ...due, skipped: 'invalid' }];
    }
  }

  /** Nobody waits for an acknowledgement: a slot that a power cut makes forgotten, with its job, fires when the store opens. */
  private commit(records: RecordDraft[]): void {
    this.options.committer.commit([records], { lazy: true });
  }

  private arm(now: number): void {
    const { alarms, committer } = this.options;
    const { definitions, schedules } = committer.table;
    let next = Number.POSITIVE_INFINITY;
    let mayGoBack = false;
    for (const definition of definitions.of('schedule')) {
      const times = this.timesOf(definition);
      const state = schedules.get(definition.name);
      const { paused, limit } = definition.value as unknown as ScheduleValue;
      if (!times || !state || paused) continue;
      next = Math.min(next, nextSlot(times, state, limit, now) ?? Number.POSITIVE_INFINITY);
      if (state.gaps) mayGoBack = true;
    }
    this.seen = { version: schedules.version, at: now, next };
    alarms.at('slots', Number.isFinite(next) ? next : undefined, () => this.follow());
    if (mayGoBack) alarms.after('slots-look', LOOK_MS, () => this.look());
  }

  private look(): void {
    this.seen.at = Number.POSITIVE_INFINITY;
    this.follow();
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
