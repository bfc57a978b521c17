/**
 * Writes a stream of small chunks as few large writes.
 *
 * @module
 */
import type { FileHandle } from 'node:fs/promises';

/** A write holds at least this much, unless it is flushed: a call per network chunk would cost more than the copying. */
const BLOCK_BYTES = 1024 * 1024;

/** More than this in memory makes the source wait. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;

/** writev takes at most IOV_MAX (1,024 on Linux) buffers. */
const MAX_CHUNKS = 1024;

/** Sequential writer of one file: positional writes on one descriptor, one at a time, with back-pressure. */
export class BlockWriter {
  private chunks: Buffer[] = [];
  private buffered = 0;
  private active: Promise<void> | undefined;
  private failure: { error: unknown } | undefined;

  /**
   * @param position where the next byte goes
   */
  constructor(
    private readonly file: FileHandle,
    private position: number,
  ) {}

  /** Bytes that the kernel has taken, from the start of the file. */
  get written(): number {
    return this.position;
  }

  /** Bytes taken from the source, from the start of the file. */
  get received(): number {
    return this.position + this.buffered;
  }

  /**
   * Takes a chunk; the caller must not change it any more. A promise means: wait for it before the next chunk.
   * @throws the error of an earlier write
   */
  write(chunk: Buffer): void | Promise<void> {
    if (this.failure !== undefined) throw this.failure.error;
    this.chunks.push(chunk);
    this.buffered += chunk.length;
    if (this.active === undefined && (this.buffered >= BLOCK_BYTES || this.chunks.length >= MAX_CHUNKS)) this.start();
    return this.buffered >= MAX_BUFFERED_BYTES || this.chunks.length >= 2 * MAX_CHUNKS ? this.drain() : undefined;
  }

  /** Starts to write what is buffered, if no write is under way. */
  nudge(): void {
    if (this.active === undefined && this.failure === undefined && this.chunks.length > 0) this.start();
  }

  /** Resolves when everything taken so far has been written; rejects with the error of the first write that failed. */
  async flush(): Promise<void> {
    while (this.failure === undefined && (this.active !== undefined || this.chunks.length > 0)) {
      this.nudge();
      await this.active;
    }
    if (this.failure !== undefined) throw this.failure.error;
  }

  private async drain(): Promise<void> {
    while (this.active !== undefined && this.buffered >= BLOCK_BYTES) await this.active;
    if (this.failure !== undefined) throw this.failure.error;
  }

  private start(): void {
    const chunks = this.chunks.splice(0, MAX_CHUNKS);
    this.active = this.writeAll(chunks)
      .catch((error: unknown) => {
        this.failure = { error };
      })
      .then(() => {
        this.active = undefined;
        if (this.failure === undefined && this.buffered >= BLOCK_BYTES) this.start();
      });
  }

  private async writeAll(chunks: Buffer[]): Promise<void> {
    let rest = chunks;
    while (rest.length > 0) {
      // A write may be short, for example when the disk fills up; the next one then says why.
      const { bytesWritten } = await this.file.writev(rest, this.position);
      this.position += bytesWritten;
      this.buffered -= bytesWritten;
      rest = skip(rest, bytesWritten);
    }
  }
}

function skip(chunks: Buffer[], bytes: number): Buffer[] {
  let left = bytes;
  for (const [i, chunk] of chunks.entries()) {
    if (left < chunk.length) return [chunk.subarray(left), ...chunks.slice(i + 1)];
    left -= chunk.length;
  }
  return [];
}
