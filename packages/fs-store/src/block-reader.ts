/**
 * Synchronous reads of small pieces at any place, for texts that stay on disk until somebody asks for them.
 *
 * @module
 */
import { join } from 'node:path';
import { StoreClosedError, StoreError } from '@leviathan/core';
import type { Files } from './files';

const BLOCK = 1 << 18;
const BLOCKS = 16;
const OPEN_FILES = 8;

/** A piece of a file, as far as it is there. */
interface Block {
  file: string;
  index: number;
  bytes: Buffer;
  /** Of a growing file more may come. */
  filled: number;
}

/** Keeps the blocks that were read last (16 of 256 KiB) and a few files open. */
export class BlockReader {
  readonly #files: Files;
  readonly #dir: string;
  /** The oldest first. */
  readonly #blocks = new Map<string, Block>();
  /** Jobs are read in the order in which they were written, so the next piece is nearly always in the same block. */
  #newest: Block | undefined;
  readonly #open = new Map<string, number>();
  #closed = false;

  constructor(files: Files, dir: string) {
    this.#files = files;
    this.#dir = dir;
  }

  /**
   * The text in these bytes.
   * @throws StoreError with code `UNREADABLE` when the file does not hold them; what the file system throws, as its `cause`. StoreClosedError
   *   where a file would have to be opened after {@link BlockReader.close}: nobody would close it any more
   */
  read(file: string, offset: number, length: number): string {
    try {
      const index = Math.floor(offset / BLOCK);
      const start = offset - index * BLOCK;
      if (start + length <= BLOCK)
        return this.#block(file, index, start + length).toString('utf8', start, start + length);
      const bytes = Buffer.allocUnsafeSlow(length);
      if (this.#load(file, bytes, 0, offset) < length) throw unreadable(file, offset, length, undefined);
      return bytes.toString('utf8');
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw unreadable(file, offset, length, error);
    }
  }

  /** Forgets what was read of a file, and closes it: it was cut, replaced or removed. */
  forget(file: string): void {
    this.#close(file);
    this.#newest = undefined;
    for (const [key, block] of this.#blocks) if (block.file === file) this.#blocks.delete(key);
  }

  close(): void {
    this.#closed = true;
    for (const file of [...this.#open.keys()]) this.forget(file);
    this.#blocks.clear();
    this.#newest = undefined;
  }

  /** The block, with at least so many bytes. */
  #block(file: string, index: number, needed: number): Buffer {
    let block = this.#newest;
    if (!block || block.index !== index || block.file !== file) block = this.#use(file, index);
    if (block.filled < needed) {
      block.filled += this.#load(file, block.bytes, block.filled, index * BLOCK + block.filled);
      if (block.filled < needed) throw unreadable(file, index * BLOCK, needed, undefined);
    }
    return block.bytes;
  }

  #use(file: string, index: number): Block {
    const key = `${file}:${index}`;
    const block = this.#blocks.get(key) ?? { file, index, bytes: Buffer.allocUnsafeSlow(BLOCK), filled: 0 };
    this.#blocks.delete(key);
    this.#blocks.set(key, block);
    const [oldest] = this.#blocks.keys();
    if (this.#blocks.size > BLOCKS && oldest !== undefined) this.#blocks.delete(oldest);
    this.#newest = block;
    return block;
  }

  /** Reads from `position` on until the buffer is full or the file ends; returns how many bytes that were. */
  #load(file: string, into: Buffer, from: number, position: number): number {
    const fd = this.#fd(file);
    let done = from;
    while (done < into.length) {
      const read = this.#files.readSync(fd, into, done, into.length - done, position + done - from);
      if (read === 0) break;
      done += read;
    }
    return done - from;
  }

  #fd(file: string): number {
    const open = this.#open.get(file);
    if (open !== undefined) return open;
    if (this.#closed) throw new StoreClosedError();
    const [oldest] = this.#open.keys();
    if (this.#open.size >= OPEN_FILES && oldest !== undefined) this.#close(oldest);
    const fd = this.#files.openSync(join(this.#dir, file), 'read');
    this.#open.set(file, fd);
    return fd;
  }

  #close(file: string): void {
    const fd = this.#open.get(file);
    this.#open.delete(file);
    if (fd === undefined) return;
    try {
      this.#files.closeSync(fd);
    } catch {
      // It was only read, and is closed whatever the answer: there is nothing to lose.
    }
  }
}

function unreadable(file: string, offset: number, length: number, cause: unknown): StoreError {
  return new StoreError('UNREADABLE', `${file} does not hold the ${length} bytes at ${offset} that it should.`, {
    cause,
  });
}
