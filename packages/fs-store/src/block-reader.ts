/**
 * Synchronous reads of small pieces at any place, for texts that stay on disk until somebody asks for them.
 *
 * @module
 */
import { join } from 'node:path';
import { StoreError } from '@leviathan/core';
import type { Files } from './files';

const BLOCK = 1 << 18;
const BLOCKS = 16;
const OPEN_FILES = 8;

/** Keeps the blocks that were read last (16 of 256 KiB) and a few files open. */
export class BlockReader {
  readonly #files: Files;
  readonly #dir: string;
  /** The oldest first. A block of a growing file may be shorter than the others. */
  readonly #blocks = new Map<string, Buffer>();
  readonly #open = new Map<string, number>();

  constructor(files: Files, dir: string) {
    this.#files = files;
    this.#dir = dir;
  }

  /**
   * The text in these bytes.
   * @throws StoreError with code `UNREADABLE` when the file does not hold them; what the file system throws, as its `cause`
   */
  read(file: string, offset: number, length: number): string {
    try {
      const block = Math.floor(offset / BLOCK);
      const start = offset - block * BLOCK;
      if (start + length <= BLOCK)
        return this.#block(file, block, start + length).toString('utf8', start, start + length);
      return this.#load(file, offset, length, length).toString('utf8');
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw unreadable(file, offset, length, error);
    }
  }

  /** Forgets what was read of a file, and closes it: it was cut, replaced or removed. */
  forget(file: string): void {
    const fd = this.#open.get(file);
    if (fd !== undefined) this.#files.closeSync(fd);
    this.#open.delete(file);
    for (const key of this.#blocks.keys()) if (key.startsWith(`${file}:`)) this.#blocks.delete(key);
  }

  close(): void {
    for (const file of [...this.#open.keys()]) this.forget(file);
    this.#blocks.clear();
  }

  /** The block, with at least so many bytes. */
  #block(file: string, index: number, needed: number): Buffer {
    const key = `${file}:${index}`;
    let block = this.#blocks.get(key);
    this.#blocks.delete(key);
    if (!block || block.length < needed) block = this.#load(file, index * BLOCK, BLOCK, needed);
    this.#blocks.set(key, block);
    const [oldest] = this.#blocks.keys();
    if (this.#blocks.size > BLOCKS && oldest !== undefined) this.#blocks.delete(oldest);
    return block;
  }

  #load(file: string, offset: number, length: number, needed: number): Buffer {
    const fd = this.#fd(file);
    const bytes = Buffer.allocUnsafeSlow(length);
    let done = 0;
    while (done < length) {
      const read = this.#files.readSync(fd, bytes, done, length - done, offset + done);
      if (read === 0) break;
      done += read;
    }
    if (done < needed) throw unreadable(file, offset, needed, undefined);
    return bytes.subarray(0, done);
  }

  #fd(file: string): number {
    const open = this.#open.get(file);
    if (open !== undefined) return open;
    const [oldest] = this.#open.keys();
    if (this.#open.size >= OPEN_FILES && oldest !== undefined) {
      this.#files.closeSync(this.#open.get(oldest) as number);
      this.#open.delete(oldest);
    }
    const fd = this.#files.openSync(join(this.#dir, file), 'read');
    this.#open.set(file, fd);
    return fd;
  }
}

function unreadable(file: string, offset: number, length: number, cause: unknown): StoreError {
  return new StoreError('UNREADABLE', `${file} does not hold the ${length} bytes at ${offset} that it should.`, {
    cause,
  });
}
