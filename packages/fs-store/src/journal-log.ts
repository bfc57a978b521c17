/**
 * The engine's log over the journal: records become lines, and what goes wrong with the disk is sat out here.
 *
 * @module
 */
import { StoreClosedError, StoreWriteError, systemClock, type Timer } from '@leviathan/core';
import type { CommitLog, Entry, StoreRecord } from '@leviathan/core/engine';
import type { BodyCache } from './bodies';
import type { BatchPlace, Journal } from './journal';
import { RecordEncoder } from './record-encoder';
import { keepsBody } from './record-line';
import { isFull } from './reserve';

/** How often (ms) a broken journal is repaired and a used-up reserve rebuilt. */
const REPAIR_INTERVAL = 500;
/** How long (ms) a store that is being closed waits for its disk. */
const LAST_REPAIRS = 2_000;

/** Records that a full disk must not keep out: they only tell what happened already. */
const OUTCOMES = new Set<StoreRecord['op']>([
  'complete',
  'skip',
  'retry',
  'fail',
  'release',
  'checkpoint',
  'step',
  'remove',
  'refuse',
]);

/** See the module. */
export class JournalLog implements CommitLog {
  private readonly encoder = new RecordEncoder();
  private place: BatchPlace = { segment: '', offset: 0 };
  /** Where the body of each record of the newest batch stands in it, and its bytes; what is behind is of older batches. */
  private readonly bodyStarts: number[] = [];
  private readonly bodyLengths: number[] = [];
  private first = 0;
  /** What the newest line says that is on the device. */
  private told = 0;
  /** The reserve is given away: room is kept for outcomes until it stands again. */
  private tight = false;
  private repairTimer: Timer | undefined;
  private waiting: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  private closed = false;
  private hurrying: ReturnType<typeof setTimeout> | undefined;
  private hasGivenUp = false;
  private since = 0;
  /** Bytes written, ever. */
  written = 0;

  constructor(
    private readonly journal: Journal,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Bytes written since the last call of {@link resetSize}. */
  get size(): number {
    return this.since;
  }

  resetSize(): void {
    this.since = 0;
  }

  /** What keeps the journal from being written, if anything does. */
  get problem(): string | undefined {
    if (this.journal.broken) return this.journal.broken.message;
    return this.tight ? 'The disk is full: no jobs are added until there is room.' : undefined;
  }

  write(records: StoreRecord[]): void {
    const first = records[0]?.seq;
    if (first === undefined) return;
    const { onDevice } = this.journal;
    // A reader that finds a hole in front of this batch knows by it whether a crash left the hole, or damage did.
    const lines = this.encode(records, onDevice > this.told ? onDevice : undefined);
    const batch = { lines, first, last: first + records.length - 1 };
    const mayUseReserve = tellsOutcome(records);
    if (this.tight && !mayUseReserve) throw diskFull();
    try {
      this.place = this.journal.append(batch);
    } catch (error) {
      if (!(error instanceof StoreWriteError) || !isFull(error.cause)) throw error;
      this.tighten();
      if (!mayUseReserve || !this.journal.releaseReserve()) throw error;
      this.place = this.journal.append(batch);
    }
    this.first = first;
    this.told = onDevice;
    this.since += lines.length;
    this.written += lines.length;
  }

  /**
   * A failed sync is no failed write: what was appended stands in the index and will be on disk, so whoever waits goes on waiting until it
   * is there. Rejects only when the store is closed before.
   */
  synced(): Promise<void> | undefined {
    if (this.journal.synced) return undefined;
    return this.journal.sync().catch((error) => {
      this.onError(error);
      return this.afterRepair();
    });
  }

  /** Tells the index where the bodies of a record just written stand. */
  refer(record: StoreRecord, entry: Entry, bodies: BodyCache): void {
    if (!keepsBody(record)) return;
    const index = record.seq - this.first;
    const offset = this.place.offset + (this.bodyStarts[index] as number);
    const length = this.bodyLengths[index] as number;
    if (record.op === 'complete') bodies.keepResult(entry, this.place.segment, offset, length);
    else bodies.keepData(entry, this.place.segment, offset, length);
  }

  /** Makes the reserve, at the start and after it was used. */
  async keepReserve(): Promise<void> {
    try {
      const stands = await this.journal.rebuildReserve();
      this.tight = !stands;
    } catch (error) {
      this.onError(error);
    }
    if (this.tight) this.repairSoon();
  }

  /** The store is being closed: who waits for a repair is told in a moment, if it does not come before. */
  hurry(): void {
    if (this.closed) return;
    // This one keeps the process alive: whoever closes waits for it.
    this.hurrying ??= setTimeout(() => {
      this.hasGivenUp = true;
      this.rejectWaiting();
    }, LAST_REPAIRS);
  }

  /** Ends the waiting for a repair that does not come. The journal itself is closed by who opened it. */
  close(): void {
    this.closed = true;
    this.repairTimer?.cancel();
    clearTimeout(this.hurrying);
    this.rejectWaiting();
  }

  private rejectWaiting(): void {
    for (const { reject } of this.waiting) reject(this.journal.broken ?? new StoreClosedError());
    this.waiting = [];
  }

  /** The lines of the records, good until the next call; the first one says what is on the device. */
  private encode(records: StoreRecord[], synced: number | undefined): Buffer {
    const { encoder } = this;
    encoder.clear();
    for (const [i, record] of records.entries()) {
      encoder.add(record, i === 0 ? synced : undefined);
      this.bodyStarts[i] = encoder.bodyStart;
      this.bodyLengths[i] = encoder.bodyLength;
    }
    return encoder.bytes();
  }

  private tighten(): void {
    this.tight = true;
    this.repairSoon();
  }

  private afterRepair(): Promise<void> {
    if (this.closed || this.hasGivenUp) return Promise.reject(this.journal.broken ?? new StoreClosedError());
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.repairSoon();
    });
  }

  private repairSoon(): void {
    if (this.closed) return;
    this.repairTimer ??= systemClock.after(REPAIR_INTERVAL, () => {
      this.repairTimer = undefined;
      void this.repair();
    });
  }

  private async repair(): Promise<void> {
    try {
      await this.journal.repair();
      const { waiting } = this;
      this.waiting = [];
      for (const { resolve } of waiting) resolve();
    } catch {
      // Reported when it broke; `problem` tells it as long as it lasts.
      this.repairSoon();
    }
    if (this.tight && !this.closed) await this.keepReserve();
  }
}

/** The last progress of an attempt and its dead letter come along with its outcome; by themselves they can wait. */
function tellsOutcome(records: StoreRecord[]): boolean {
  return records.every(comesWithOutcomes) && records.some(({ op }) => OUTCOMES.has(op));
}

function comesWithOutcomes(record: StoreRecord): boolean {
  return (
    OUTCOMES.has(record.op) || record.op === 'report' || (record.op === 'add' && record.job.deadLetterOf !== undefined)
  );
}

function diskFull(): StoreWriteError {
  const cause = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
  return new StoreWriteError('The disk is full. Make room, then try again.', cause);
}
