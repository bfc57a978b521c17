/**
 * The journal being written: whole batches, group commit, and what to do when a write or a sync fails.
 *
 * @module
 */
import { dirname, join } from 'node:path';
import { StoreClosedError, StoreWriteError } from '@leviathan/core';
import { discard, isTemporary, whileBusy } from './atomic';
import { SegmentChain } from './chain';
import { type CompressOptions, compressSegments, pruneSegments, type RetentionOptions } from './compress';
import { errorCode, type Files } from './files';
import type { JournalEnd } from './replay';
import { rebuildReserve, releaseReserve } from './reserve';
import { type BatchPlace, SegmentWriter } from './segment-writer';

export type { BatchPlace } from './segment-writer';

/** How a journal is opened. `next`, `tail` and `givenUp` are what a replay found at its end. */
export interface JournalOptions extends Pick<JournalEnd, 'next' | 'tail'>, Partial<Pick<JournalEnd, 'givenUp'>> {
  /** `power`: `sync` means that the device has it. `process`: the kernel has it, and `sync` has nothing to do. */
  durability: 'power' | 'process';
  /** Which owner this is: larger than that of all before. */
  epoch: number;
  /** A segment that has reached this size is followed by a new one; 64 MiB by default. */
  segmentBytes?: number;
  /** Epoch milliseconds, for the headers. */
  now?: () => number;
}

/** Lines to append, as `LineEncoder.bytes` gives them: their memory is the caller's again afterwards. */
export interface AppendBatch {
  lines: Buffer;
  /** Number of the first record, which must be the journal's `next`, and of the last. */
  first: number;
  last: number;
}

const SEGMENT_BYTES = 64 << 20;
/** Bytes that are synced although nobody waits for them, since they are kept in memory until then. */
const UNSYNCED_BYTES = 8 << 20;

/** Writes a journal. One at a time per folder: whoever opens it holds the store's lock. */
export class Journal {
  /** Proof that sealed segments are as they were written; see {@link SegmentChain}. */
  readonly chain: SegmentChain;
  /** Called when a segment has got a successor: `chain` can be extended. */
  onSealed: (() => void) | undefined;
  readonly #files: Files;
  readonly #dir: string;
  readonly #writer: SegmentWriter;
  readonly #segmentBytes: number;
  readonly #durability: 'power' | 'process';
  #broken: StoreWriteError | StoreClosedError | null = null;
  #repairing: Promise<void> | null = null;
  #closing: Promise<void> | null = null;
  /** The sync under way, and the number behind the last record that was written when it started. */
  #flight: Promise<void> | null = null;
  #flightNext = 0;
  #queued: Promise<void> | null = null;
  /** At `process`: the sync of what stands in front of the segment, for which nobody waits. */
  #settling: Promise<void> = Promise.resolve();

  private constructor(files: Files, dir: string, options: JournalOptions) {
    const { next, durability, epoch, segmentBytes = SEGMENT_BYTES, now = Date.now } = options;
    this.chain = new SegmentChain(files, dir);
    this.#files = files;
    this.#dir = dir;
    this.#segmentBytes = segmentBytes;
    this.#durability = durability;
    this.#writer = new SegmentWriter(files, dir, next, durability === 'power', () => ({ epoch, at: now() }));
  }

  /**
   * Opens the journal in an existing folder for appending, after a replay, and removes temporary files that a crash left. At `power`
   * everything that the replay saw is on the device when this resolves.
   * @throws StoreWriteError
   */
  static async open(files: Files, dir: string, options: JournalOptions): Promise<Journal> {
    const journal = new Journal(files, dir, options);
    const writer = journal.#writer;
    try {
      for (const { name } of files.readdirSync(dir)) {
        if (isTemporary(name) || name.endsWith('.gz.tmp')) discard(files, join(dir, name));
      }
      for (const name of options.givenUp ?? []) writer.giveUp(name);
      if (options.tail) writer.resume(options.tail.segment, options.tail.end);
      // Nothing in the folder is safer than the folder's own name.
      if (options.durability === 'power') await files.syncDir(dirname(dir));
      // A power cut must not bring back what was given up, among what is written from now on.
      if (options.durability === 'power' || options.givenUp?.length) await writer.settleAll();
      if (!options.tail || journal.#isFull()) await whileBusy(files, () => writer.start());
      else if (!writer.writable) journal.#leaveTorn();
      if (options.durability === 'power') await writer.sync();
    } catch (error) {
      writer.close();
      throw journalError(error);
    }
    return journal;
  }

  /** The number that the next record must have. */
  get next(): number {
    return this.#writer.next;
  }

  /** Name of the segment that is being written, and its size so far. */
  get segment(): { name: string; size: number } {
    return { name: this.#writer.name ?? '', size: this.#writer.size };
  }

  /** Number of the newest record that is known to be on the device; 0: none, or it is not promised. */
  get onDevice(): number {
    return this.#writer.synced;
  }

  /** Records below this number are as durable as promised. */
  get durable(): number {
    return this.#writer.durable;
  }

  /** Why nothing can be appended until `repair` succeeds; `null`: all is well. */
  get broken(): StoreWriteError | StoreClosedError | null {
    return this.#broken;
  }

  /** Whether everything appended is as durable as promised, so that there is nothing to wait for. */
  get synced(): boolean {
    return this.#writer.waiting === 0 && this.#broken === null;
  }

  /**
   * Writes a batch, whole or not at all: when this throws, the journal is as before, and the same numbers are free. When it returns,
   * the kernel has the batch: it survives the end of this process.
   * @throws StoreWriteError with the failed call's error as its `cause`; StoreClosedError
   */
  append({ lines, first, last }: AppendBatch): BatchPlace {
    if (this.#closing) throw new StoreClosedError();
    if (this.#broken) throw this.#broken;
    if (first !== this.next || last < first) {
      throw new RangeError(`The journal goes on with record ${this.next}, not with ${first} to ${last}.`);
    }
    try {
      if (!this.#writer.writable) this.#start();
      else if (!this.#flight) this.#rotate();
      const place = this.#writer.write(lines, first, last);
      // A failure is found again, and told, by the next call.
      if (this.#writer.waiting > UNSYNCED_BYTES && !this.#flight) this.sync().catch(() => {});
      return place;
    } catch (error) {
      throw journalError(error);
    }
  }

  /**
   * Resolves when everything appended before the call is as durable as promised. Calls share their syncs: one is under way, one waits
   * for it, and each call is covered by one that starts after what it appended was written.
   *
   * When it rejects, the journal is `broken` and what was appended is neither safe nor gone: the batches are kept in memory, and
   * `repair` writes them again.
   * @throws StoreWriteError
   */
  sync(): Promise<void> {
    if (this.#broken) return Promise.reject(this.#broken);
    if (this.#writer.waiting === 0) return Promise.resolve();
    if (!this.#flight) {
      // Under steady load there is no other moment without a sync under way.
      this.#rotate();
      this.#flightNext = this.next;
      this.#flight = this.#flush(false).finally(() => {
        this.#flight = null;
      });
      return this.#flight;
    }
    if (this.#flightNext === this.next) return this.#flight;
    const again = (): Promise<void> => {
      this.#queued = null;
      return this.sync();
    };
    this.#queued ??= this.#flight.then(again, again);
    return this.#queued;
  }

  /**
   * Tries to write what could not be synced to a new segment. Nothing to do when the journal is not broken.
   * @throws StoreWriteError when it is still broken: try again later; StoreClosedError
   */
  repair(): Promise<void> {
    if (this.#closing) return Promise.reject(new StoreClosedError());
    if (!this.#broken) return Promise.resolve();
    this.#repairing ??= this.#renew().finally(() => {
      this.#repairing = null;
    });
    return this.#repairing;
  }

  /**
   * The text in these bytes of a file in the journal's folder, as `append` (and the line's place in its batch) gave them.
   * @throws StoreError with code `UNREADABLE`
   */
  readBody(file: string, offset: number, length: number): string {
    return this.#writer.read(file, offset, length);
  }

  /** Closes a file that was read by `readBody` and is about to be removed or replaced. */
  forget(file: string): void {
    this.#writer.forget(file);
  }

  /** Gives the space of the reserve free, for what must be written to a full disk; `false` when that happened before. */
  releaseReserve(): boolean {
    return releaseReserve(this.#files, this.#dir);
  }

  /** Makes the reserve (again); `false` when there is no room for it. Throws what else the file system throws. */
  rebuildReserve(): Promise<boolean> {
    return rebuildReserve(this.#files, this.#dir);
  }

  /** Compresses segments of which nothing is read by `readBody` any more; see {@link compressSegments}. */
  async compress(options: CompressOptions): Promise<string[]> {
    // A link is made from the plain file, at a fraction of the price.
    await this.chain.idle();
    return compressSegments(this.#files, this.#dir, options, (name) => this.#writer.forget(name));
  }

  /** Removes compressed segments past their time; see {@link pruneSegments}. */
  prune(options: RetentionOptions): Promise<string[]> {
    return pruneSegments(this.#files, this.#dir, options, (first) => this.chain.forget(first));
  }

  /**
   * Syncs what was appended and closes the files; calling it again gives the same promise.
   * @throws StoreWriteError when not everything could be synced; the files are closed all the same
   */
  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  async #finish(): Promise<void> {
    try {
      await this.#repairing;
      await this.sync();
      await this.#settling;
    } finally {
      await this.#writer.cutOff();
      this.#writer.close();
    }
  }

  #start(): void {
    this.#writer.start();
    this.onSealed?.();
  }

  #isFull(): boolean {
    return this.#writer.size >= this.#segmentBytes;
  }

  /** Then nobody reads what a crash tore, and tells of it, again. */
  #leaveTorn(): void {
    try {
      this.#start();
    } catch {
      // There may be no room: the first batch tries again, and has the reserve.
    }
  }

  #rotate(): void {
    // What is not synced goes along: the new segment must not be full of it from the start.
    if (!this.#isFull() || this.#writer.waiting > this.#segmentBytes / 2) return;
    try {
      this.#start();
    } catch {
      // A segment that is too large is better than one that takes nothing.
      return;
    }
    if (this.#durability === 'power') return;
    const newest = this.next - 1;
    // Then a reader knows what a power cut cannot have taken. Without it the segments behind a hole would be given up.
    this.#settling = this.#settling
      .then(() => this.#writer.settleAll())
      .then(
        () => this.#writer.vouch(newest),
        () => {},
      );
  }

  /** Syncs until what was appended is safe. A segment whose sync fails is left once; after that the journal is broken. */
  async #flush(renewed: boolean): Promise<void> {
    let cause: unknown;
    for (let left = renewed; ; ) {
      try {
        if (await this.#writer.sync()) return;
      } catch (error) {
        if (left) throw this.#break(error, cause);
        left = true;
        cause = error;
        try {
          this.#start();
        } catch (second) {
          throw this.#break(second, cause);
        }
      }
    }
  }

  async #renew(): Promise<void> {
    try {
      this.#start();
    } catch (error) {
      throw this.#break(error, this.#broken?.cause);
    }
    await this.#flush(true);
    this.#broken = null;
  }

  #break(error: unknown, before: unknown): StoreWriteError | StoreClosedError {
    this.#broken = journalError(error, before);
    return this.#broken;
  }
}

function journalError(error: unknown, before?: unknown): StoreWriteError | StoreClosedError {
  const after = before === undefined ? '' : `, after a sync that failed with ${errorCode(before) ?? String(before)}`;
  return asWriteError('The journal cannot be written', error, after);
}

/**
 * A failed system call as callers are told: `what` could not be done. A `StoreClosedError` stays one: the folder is another's by now, and
 * nothing is wrong with the disk.
 */
export function asWriteError(what: string, error: unknown, after = ''): StoreWriteError | StoreClosedError {
  if (error instanceof StoreWriteError || error instanceof StoreClosedError) return error;
  const code = errorCode(error) ?? String(error);
  return new StoreWriteError(`${what} (${code}${after}). Make room or repair the disk, then try again.`, error);
}
