/** What became of the schedules of a store: kept apart from what they say, so that their files change only when a person wants it. */
import type { Json } from '../job';
import { withOutcome } from '../schedule/due';
import type { ScheduleState, ScheduleValue } from '../schedule/schedule';
import type { StoreRecord } from './records';

/** A state, and the number of the newest record that changed it: a replay over a newer snapshot skips older ones. */
export interface StoredSchedule extends ScheduleState {
  lastSeq: number;
}

/** See the file. */
export class ScheduleTable {
  private readonly states = new Map<string, StoredSchedule>();
  /** Grows with every change. */
  version = 0;

  get size(): number {
    return this.states.size;
  }

  get(name: string): StoredSchedule | undefined {
    return this.states.get(name);
  }

  [Symbol.iterator](): IterableIterator<[string, StoredSchedule]> {
    return this.states.entries();
  }

  /** As the API shows it. */
  stateOf(name: string): ScheduleState | undefined {
    const stored = this.states.get(name);
    if (!stored) return undefined;
    const { lastSeq: _lastSeq, ...state } = structuredClone(stored);
    return state;
  }

  /** Takes in one of a snapshot. */
  put(name: string, state: StoredSchedule): void {
    this.states.set(name, state);
    this.version++;
  }

  /** The schedule was set or removed. @param before what it said, if it was there */
  define({ name, body, seq, at }: Extract<StoreRecord, { op: 'define' }>, before: Json | undefined): void {
    const state = this.states.get(name);
    if (state && seq <= state.lastSeq) return;
    this.version++;
    if (body === '') {
      this.states.delete(name);
      return;
    }
    // What passed while it was paused, or would have come by its new timing, was not missed.
    const isNew = !state || before === undefined || timingOf(before) !== timingOf(JSON.parse(body) as Json);
    const since = isNew ? at : state.since;
    this.states.set(name, { ...(state ?? { runs: 0, skipped: 0 }), since, lastSeq: seq });
  }

  /** A slot was dealt with. @returns whether there is such a schedule */
  fire(record: Extract<StoreRecord, { op: 'fire' }>): boolean {
    const state = this.states.get(record.schedule);
    if (!state) return false;
    if (record.seq <= state.lastSeq) return true;
    this.version++;
    this.states.set(record.schedule, { ...withOutcome(state, record), lastSeq: record.seq });
    return true;
  }
}

function timingOf(value: Json): string {
  const { cron, every, timezone, start, end, paused = false } = value as unknown as ScheduleValue;
  return JSON.stringify([cron, every, timezone, start, end, paused]);
}
