/**
 * Keeps the control record of a part file up with the file.
 *
 * @module
 */
import type { Clock, Timer } from '@leviathan/core';
import type { ControlRecord } from './control';
import type { PartFile } from './part';
import { BlockWriter } from './writer';

/**
 * A power cut takes at most what came in this time, on a disk that keeps up. A process that dies leaves every byte that it has handed to
 * the kernel; this is also how long one may wait in memory for others to be written with.
 */
const SYNC_MS = 1_000;

/** What a record says besides how far the file is. */
export type RecordBase = Omit<ControlRecord, 'durable'>;

/** A writer whose progress is recorded while it goes on. */
export class RecordedWriter {
  readonly writer: BlockWriter;
  private durable: number;
  private saving: Promise<void> | undefined;
  private syncing: Promise<void> | undefined;
  private timer: Timer | undefined;
  /** A sync failed: the kernel may have dropped bytes that it had taken, and a second sync would report success. */
  private isSyncBroken = false;

  /**
   * @param offset where the next byte goes; the bytes before it are there already
   * @param onFailure called when the record cannot be kept: the download must end
   */
  constructor(
    private readonly part: PartFile,
    private base: RecordBase,
    offset: number,
    private readonly clock: Clock,
    private readonly onFailure: (error: unknown) => void,
  ) {
    this.durable = Math.min(part.found?.durable ?? 0, offset);
    this.writer = new BlockWriter(part.handle, offset);
  }

  /** Writes the first record, before the first byte, so that a part file without a record is never one of ours. */
  async start(): Promise<void> {
    await this.part.save(this.current(), { sync: false });
    this.arm();
  }

  /** Ends in the middle of the file: hands every byte to the kernel, and records what is known now. */
  async stop(): Promise<void> {
    try {
      await this.settle();
    } finally {
      await this.part.save(this.current(), { sync: false });
    }
  }

  /** Ends at the end of the file: puts every byte on the disk, and then a record of a complete file beside them. */
  async complete(): Promise<void> {
    try {
      await this.settle();
      // The one that failed while the bytes came has been told to `onFailure` already.
      if (!this.isSyncBroken) await this.syncAll();
    } finally {
      await this.part.save(this.current(), { sync: false });
    }
  }

  private async syncAll(): Promise<void> {
    try {
      await this.part.handle.sync();
    } catch (error) {
      this.isSyncBroken = true;
      throw error;
    }
    this.durable = this.writer.written;
    this.base = { ...this.base, total: this.writer.written };
  }

  private async settle(): Promise<void> {
    this.timer?.cancel();
    this.timer = undefined;
    try {
      await this.writer.flush();
    } finally {
      await this.saving;
      await this.syncing;
      // The sync may have begun to save when it was done.
      await this.saving;
    }
  }

  private current(): ControlRecord {
    const { boot, ...base } = this.base;
    return { ...base, ...(boot !== undefined && !this.isSyncBroken && { boot }), durable: this.durable };
  }

  private arm(): void {
    this.timer = this.clock.after(SYNC_MS, () => {
      this.writer.nudge();
      this.sync();
      this.arm();
    });
  }

  /** Data before record: `durable` grows only by bytes that were written before an fdatasync that has returned. */
  private sync(): void {
    const reached = this.writer.written;
    if (this.syncing !== undefined || reached === this.durable) return;
    this.syncing = this.part.handle
      .datasync()
      .then(
        () => {
          this.durable = reached;
          this.save();
        },
        (error: unknown) => {
          this.isSyncBroken = true;
          this.fail(error);
        },
      )
      .finally(() => {
        this.syncing = undefined;
      });
  }

  private save(): void {
    if (this.saving !== undefined) return;
    this.saving = this.part
      .save(this.current(), { sync: true })
      .catch((error: unknown) => this.fail(error))
      .finally(() => {
        this.saving = undefined;
      });
  }

  private fail(error: unknown): void {
    this.timer?.cancel();
    this.onFailure(error);
  }
}
