/**
 * Keeps the control record of a part file up with the file.
 *
 * @module
 */
import type { Clock, Timer } from '@leviathan/core';
import type { ControlRecord } from './control';
import type { PartFile } from './part';
import { BlockWriter } from './writer';

/** A process that dies loses at most what came after the last record: this many bytes … */
const RECORD_BYTES = 8 * 1024 * 1024;

/** … or what came in this time. It is also the most that a power cut takes, on a disk that keeps up. */
const RECORD_MS = 1_000;

/** What a record says besides how far the file is. */
export type RecordBase = Omit<ControlRecord, 'written' | 'durable'>;

/** A writer whose progress is recorded while it goes on. */
export class RecordedWriter {
  readonly writer: BlockWriter;
  private durable: number;
  private recorded: number;
  private saving: Promise<void> | undefined;
  private syncing: Promise<void> | undefined;
  private timer: Timer | undefined;

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
    this.recorded = offset;
    this.writer = new BlockWriter(part.handle, offset, (written) => {
      if (written - this.recorded >= RECORD_BYTES) this.save(false);
    });
  }

  /** Writes the first record, before the first byte, so that a part file without a record is never one of ours. */
  async start(): Promise<void> {
    await this.part.save(this.current(), { sync: false });
    this.arm();
  }

  /** Hands every byte to the kernel and records that. */
  async stop(): Promise<void> {
    this.timer?.cancel();
    this.timer = undefined;
    try {
      await this.writer.flush();
    } finally {
      await this.saving;
      await this.syncing;
      await this.part.save(this.current(), { sync: false });
    }
  }

  /** Puts every byte on the disk, and with them a record of a complete file. After {@link stop}. */
  async complete(): Promise<void> {
    await this.part.handle.sync();
    this.durable = this.writer.written;
    this.base = { ...this.base, total: this.writer.written };
    await this.part.save(this.current(), { sync: false });
  }

  private current(): ControlRecord {
    const written = this.writer.written;
    this.recorded = written;
    return { ...this.base, written, durable: this.durable };
  }

  private arm(): void {
    this.timer = this.clock.after(RECORD_MS, () => {
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
      .then(() => {
        this.durable = reached;
        this.save(true);
      })
      // A failed sync is final: the kernel may have dropped the pages, and a second call would report success.
      .catch(this.onFailure)
      .finally(() => {
        this.syncing = undefined;
      });
  }

  private save(sync: boolean): void {
    if (this.saving !== undefined) return;
    this.saving = this.part
      .save(this.current(), { sync })
      .catch(this.onFailure)
      .finally(() => {
        this.saving = undefined;
      });
  }
}
